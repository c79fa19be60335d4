/* Filters above the table of the claims. Without this script the whole table is there; with it, rows that do not
   match what is chosen are hidden, and the number of those that remain is said aloud. */
(function () {
  var TABLE = "table.claims";
  var VERDICT = 4;

  function text(node) { return node.textContent.trim().replace(/\s+/g, " "); }

  function read(row) {
    var cells = row.cells;
    var badges = cells[VERDICT].querySelectorAll(".badge");
    var scopes = cells[VERDICT].querySelectorAll(".verdict-scope");
    var verdicts = Array.prototype.map.call(badges, function (badge, k) {
      return { outcome: text(badge), scope: text(scopes[k]) };
    });
    function people(cell) { return text(cell).split(", ").filter(function (name) { return name !== "–"; }); }
    return { row: row, verdicts: verdicts, asserted: people(cells[2]) };
  }

  function choice(form, label, values) {
    var box = document.createElement("div");
    var name = document.createElement("label");
    var select = document.createElement("select");
    select.id = "filter-" + label.replace(/ /g, "-");
    name.htmlFor = select.id;
    name.textContent = label;
    select.className = "form-select";
    select.autocomplete = "off";
    ["any"].concat(values).forEach(function (value) {
      var option = document.createElement("option");
      option.value = value === "any" ? "" : value;
      option.textContent = value;
      select.appendChild(option);
    });
    box.append(name, select);
    form.appendChild(box);
    return select;
  }

  function unique(values) { return Array.from(new Set(values)); }

  function equip(table) {
    var rows = Array.prototype.map.call(table.tBodies[0].rows, read);
    var form = document.createElement("form");
    form.className = "filters";
    form.setAttribute("aria-label", "Filter the claims");
    var all = rows.flatMap(function (r) { return r.verdicts; });
    var outcome = choice(form, "verdict", unique(all.map(function (v) { return v.outcome; })));
    var scope = choice(form, "judged by", unique(all.map(function (v) { return v.scope; })));
    var person = choice(form, "asserted by", unique(rows.flatMap(function (r) { return r.asserted; })));
    var count = document.createElement("output");
    form.appendChild(count);

    function update() {
      var shown = 0;
      rows.forEach(function (r) {
        var fits = r.verdicts.some(function (v) {
          return (!outcome.value || v.outcome === outcome.value) && (!scope.value || v.scope === scope.value);
        }) && (!person.value || r.asserted.indexOf(person.value) >= 0);
        r.row.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown + " of " + rows.length + " claims";
    }
    form.addEventListener("change", update);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    update();
    var box = table.closest(".pst-scrollable-table-container") || table;
    box.parentNode.insertBefore(form, box);
  }

  document.querySelectorAll(TABLE).forEach(equip);
})();
