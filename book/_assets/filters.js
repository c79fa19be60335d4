/* Filters above a long table. Without this script the whole table is there; with it, rows that do not match what is
   chosen are hidden, and the number of those that remain is said aloud.

   A row is read as groups of entries. It is shown if in every group one entry has all that is chosen: a verdict and
   the scope that it is about are chosen of one entry, a person of another group. */
(function () {
  function text(node) { return node.textContent.trim().replace(/\s+/g, " "); }
  function entry(label, value) { var one = {}; one[label] = value; return one; }
  function each(label, cell) {
    return text(cell).split(", ").filter(function (name) { return name !== "–" && !name.endsWith(" (quotes)"); })
      .map(function (name) { return entry(label, name.replace(/ \(by .*\)$/, "")); });
  }
  function badge(label, cell) { return [entry(label, text(cell.querySelector(".badge")))]; }

  // What can be chosen in the tables of each class, group by group, and the entries of a row in each group.
  var TABLES = {
    claims: {
      labels: [["verdict", "judged by"], ["asserted by"]],
      read: function (cells) {
        var scopes = cells[4].querySelectorAll(".verdict-scope");
        var verdicts = Array.from(cells[4].querySelectorAll(".badge")).map(function (badge, k) {
          return { verdict: text(badge), "judged by": text(scopes[k]) };
        });
        return [verdicts, each("asserted by", cells[2])];
      }
    },
    errata: {
      labels: [["report"], ["severity"], ["outcome"], ["shown"]],
      read: function (cells) {
        var outcome = text(cells[3]).match(/Outcome: ([^.]*)\./)[1];
        return [
          each("report", cells[1]), [entry("severity", text(cells[4]))], [entry("outcome", outcome)],
          badge("shown", cells[5])
        ];
      }
    },
    features: {
      labels: [["part"], ["report"], ["status"]],
      read: function (cells) {
        return [[entry("part", text(cells[2]))], each("report", cells[3]), badge("status", cells[4])];
      }
    }
  };

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

  function values(rows, group, label) {
    var all = rows.flatMap(function (r) { return r.groups[group]; });
    return Array.from(new Set(all.map(function (one) { return one[label]; })));
  }

  function equip(table, things, how) {
    var rows = Array.from(table.tBodies[0].rows).map(function (row) {
      return { row: row, groups: how.read(row.cells) };
    });
    var form = document.createElement("form");
    form.className = "filters";
    form.setAttribute("aria-label", "Filter the " + things);
    var selects = how.labels.map(function (labels, group) {
      return labels.map(function (label) { return choice(form, label, values(rows, group, label)); });
    });
    var count = document.createElement("output");
    form.appendChild(count);

    function update() {
      var shown = 0;
      rows.forEach(function (r) {
        var fits = r.groups.every(function (entries, group) {
          var asked = how.labels[group].map(function (label, k) { return [label, selects[group][k].value]; })
            .filter(function (pair) { return pair[1]; });
          return !asked.length || entries.some(function (one) {
            return asked.every(function (pair) { return one[pair[0]] === pair[1]; });
          });
        });
        r.row.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown + " of " + rows.length + " " + things;
    }
    form.addEventListener("change", update);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    update();
    var box = table.closest(".pst-scrollable-table-container") || table;
    box.parentNode.insertBefore(form, box);
  }

  Object.keys(TABLES).forEach(function (things) {
    document.querySelectorAll("table." + things).forEach(function (table) { equip(table, things, TABLES[things]); });
  });
})();
