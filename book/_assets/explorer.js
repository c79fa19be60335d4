/* The explorer draws what explorer-data.js holds; means and spreads are computed where that file is made. What is chosen
   stands behind the # of the address, so that a link or a reload shows the same again. Without this script the table of
   all accuracies stays in its place. */
(function () {
  const fallback = document.querySelector("table.explorer");
  if (!fallback || !window.Plot || !window.explorerData) return;
  const { looks, places } = window.explorerData;
  const ACCURACIES = { last: "last epoch", best: "best epoch (chosen on test)" };
  const USUAL = "0.4"; // the rate that is shown first
  const LINE = 2; // width in pixels
  const CODE = [...document.querySelectorAll('.numbers-line a[href^="#code-"]')].slice(-1); // of the cell with the table
  const APART = 14; // pixels from name to name
  const BESIDE = 7; // pixels from our figure to the authors'

  let asked = {}; // by the reader or a link; shown is what there is of it
  let place, noise, rate, epoch, losses, setting, unknown;

  // --- small helpers ---

  function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const missing = (number) => number === null || number === undefined;
  const shown = (number) => (missing(number) ? "–" : number.toFixed(1));
  const spread = ([mean, sd]) => shown(mean) + (missing(sd) ? "" : ` ± ${shown(sd)}`);
  const range = ([mean, low, high], k) => shown(mean[k]) + (low ? ` (${shown(low[k])} to ${shown(high[k])})` : "");
  const unanswered = (number) => (number ? ` [${number}]` : "");
  const cellOf = (loss, name = setting) => place.cells.find((cell) => cell.loss === loss && cell.setting === name);
  const named = () => Object.values(place.settings).some((one) => one.kind === noise && one.of_people); // not by a number
  const settingsOf = () =>
    Object.entries(place.settings).filter(([, one]) => one.kind === noise || (one.kind === "clean" && !named()));
  const ofLoss = (points, loss) => points.filter((p) => p.loss === loss && !missing(p.y));
  const colour = ({ loss }) => looks[loss].colour || "currentColor";

  // --- the form ---

  const selects = {};

  function select([name, label]) {
    const id = `explorer-${name}`;
    selects[name] = element("select", { id, className: "form-select", autocomplete: "off" });
    return element("div", {}, element("label", { htmlFor: id, textContent: label }), selects[name]);
  }

  const labels = { data: "data set", protocol: "protocol", noise: "noise", rate: "rate", epoch: "accuracy" };
  const boxes = element("fieldset", {}, element("legend", { textContent: "losses" }));
  const authors = element("input", { type: "checkbox", autocomplete: "off" });
  const form = element(
    "form",
    { className: "filters", ariaLabel: "What is shown" },
    ...Object.entries(labels).map(select),
    boxes,
    element("label", {}, authors, "the authors’ figures beside ours"),
  );
  const status = element("p", { className: "explorer-status", role: "status" });

  function box(loss) {
    const input = element("input", { type: "checkbox", value: loss, autocomplete: "off" });
    input.checked = losses.includes(loss);
    const at = [{ loss, x: 0, y: 0 }];
    const options = { width: 44, height: 16, margin: 0, axis: null, x: { domain: [-1, 1] }, y: { domain: [-1, 1] } };
    const swatch = picture({ ...options, marks: [Plot.ruleY([0], { x1: -1, x2: 1, ...stroke(loss) }), dots(at)] });
    return element("label", {}, input, swatch, loss);
  }

  // --- what is chosen ---

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    asked = Object.fromEntries(given);
    if (given.has("loss")) asked.losses = given.getAll("loss");
  }

  function remember() {
    const chosen = { data: place.data, protocol: place.protocol, noise, rate, epoch };
    const pairs = [...Object.entries(chosen), ...losses.map((loss) => ["loss", loss])];
    if (asked.authors === "0") pairs.push(["authors", "0"]);
    history.replaceState(null, "", `#${new URLSearchParams(pairs)}`);
  }

  /* Fill a select with options, pairs of value and text; choose what is asked for, if it is there. */
  function pick(name, options, usual) {
    const values = options.map(([value]) => value);
    const found = values.includes(asked[name]);
    if (asked[name] && !found) unknown.push(`${name} ${asked[name]}`);
    selects[name].replaceChildren(...options.map(([value, text]) => element("option", { value, textContent: text })));
    return (selects[name].value = found ? asked[name] : values.includes(usual) ? usual : values[0]);
  }

  /* Take over what is asked for, as far as it is there. */
  function settle() {
    unknown = [];
    const data = pick("data", [...new Map(places.map((one) => [one.data, one.data_name]))]);
    const here = places.filter((one) => one.data === data);
    const titles = here.map((one) => [one.protocol, `${one.protocol}: ${one.title}`]);
    const protocol = pick("protocol", titles);
    place = here.find((one) => one.protocol === protocol);
    const kinds = new Set(Object.values(place.settings).map((one) => one.kind));
    if (kinds.size > 1) kinds.delete("clean"); // it is rate 0 of each kind
    const words = (kind) => Object.values(place.settings).find((one) => one.kind === kind).noise;
    noise = pick(
      "noise",
      [...kinds].map((kind) => [kind, words(kind)]),
    );
    const rates = settingsOf().map(([, one]) => [String(one.rate), one.rate ? one.rate : "0 (clean labels)"]);
    rate = pick("rate", rates, rates.some(([one]) => one === USUAL) ? USUAL : rates.at(-1)[0]);
    setting = settingsOf().find(([, one]) => String(one.rate) === rate)[0];
    epoch = pick("epoch", Object.entries(ACCURACIES));
    const wanted = asked.losses || place.first;
    unknown.push(...wanted.filter((loss) => !place.losses.includes(loss)).map((loss) => `loss ${loss}`));
    losses = place.losses.filter((loss) => wanted.includes(loss));
    if (wanted.length && !losses.length) losses = place.first;
    authors.checked = asked.authors !== "0";
    authors.parentNode.hidden = !Object.keys(place.authors).length;
  }

  // --- drawing ---

  /* A drawing is one picture to a screen reader, not a heap of marks; without words it is none. */
  function picture(options, alt) {
    const drawing = Plot.plot(options);
    drawing.querySelectorAll("[aria-label]").forEach((mark) => mark.removeAttribute("aria-label"));
    drawing.setAttribute("role", alt ? "img" : "none");
    drawing.setAttribute(alt ? "aria-label" : "aria-hidden", alt || "true");
    return drawing;
  }

  /* A marker as Plot wants it, of the corners that the book's other figures give it. */
  const symbol = ({ loss }) => ({
    draw(context, size) {
      const width = 2 * Math.sqrt(size / Math.PI);
      looks[loss].marker.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](width * x, width * y));
      context.closePath();
    },
  });

  /* Marks of points { loss, x, y } and, where there is a spread, low and high of y, left and right of x. */
  const XY = { x: "x", y: "y" };
  const stroke = (loss) => ({
    stroke: colour({ loss }),
    strokeWidth: LINE,
    strokeDasharray: looks[loss].dashes.map((length) => LINE * length).join(" ") || "none",
  });
  const lines = (points) =>
    losses.map((loss) => Plot.line(points, { ...XY, filter: (p) => p.loss === loss, ...stroke(loss) }));
  const dots = (points, options) => Plot.dot(points, { ...XY, symbol, r: 5, fill: colour, ...options });
  const bars = (points, options) => Plot.ruleX(points, { x: "x", y1: "low", y2: "high", stroke: colour, ...options });
  const beams = (points, options) =>
    Plot.ruleY(points, { y: "y", x1: "left", x2: "right", stroke: colour, ...options });
  const bands = (points) =>
    Plot.areaY(points, { x: "x", y1: "low", y2: "high", z: "loss", fill: colour, fillOpacity: 0.2 });
  const tips = (points) => Plot.tip(points, Plot.pointer({ ...XY, title: "title" }));

  /* Names beside the ends of lines, each with its marker, as far apart as it takes to read them. */
  function names(points, dx = 0) {
    const ends = losses.flatMap((loss) => ofLoss(points, loss).slice(-1));
    const beside = Plot.initializer(XY, (data, facets, { x, y }, scales, { height, marginBottom }) => {
      const heights = Array.from(y.value, scales.y);
      const order = [...heights.keys()].sort((a, b) => heights[a] - heights[b]);
      let free = 0;
      for (const k of order) free = (heights[k] = Math.max(heights[k], free)) + APART;
      free = height - marginBottom;
      for (const k of order.reverse()) free = (heights[k] = Math.min(heights[k], free)) - APART;
      return { data, facets, channels: { x: { value: Array.from(x.value, scales.x) }, y: { value: heights } } };
    });
    return [
      dots(ends, { ...beside, r: 4, dx: dx + 12 }),
      Plot.text(ends, { ...beside, text: "loss", textAnchor: "start", dx: dx + 19, fill: "currentColor" }),
    ];
  }

  function draw(view, alt, options, ...marks) {
    const width = Math.max(280, view.plot.clientWidth);
    const height = Math.max(260, Math.min(360, 0.65 * width));
    const marginRight = 36 + 7 * Math.max(...losses.map((loss) => loss.length)); // for the names
    const style = { fontSize: "12px", overflow: "visible" };
    const all = { width, height, marginRight, marginBottom: 40, style, ...options, marks };
    view.plot.replaceChildren(picture(all, `${alt} All numbers stand in the table below.`));
  }

  function tabulate(view, head, rows) {
    const top = (text, k) => element("th", { scope: "col", className: k ? "text-right" : "", textContent: text });
    const side = (text) => element("th", { scope: "row", textContent: text });
    const inner = (text) => element("td", { className: "text-right", textContent: text });
    const row = ([first, ...others]) => element("tr", {}, side(first), ...others.map(inner));
    view.table.replaceChildren(
      element("thead", {}, element("tr", {}, ...head.map(top))),
      element("tbody", {}, ...rows.map(row)),
    );
  }

  const OVER_SEEDS = ["mean", "least", "greatest"];
  const flat = (p) => [p.loss, p.x, p.y, p.low, p.high];

  /* The numbers of a figure as a file, which the link below it holds itself. */
  function offer(view, head, rows) {
    const cell = (value) => (missing(value) || value === false ? "" : /[",]/.test(value) ? JSON.stringify(value) : value);
    const lines = [head, ...rows].map((row) => row.map(cell).join(","));
    view.csv.href = `data:text/csv;charset=utf-8,${encodeURIComponent(`${lines.join("\n")}\n`)}`;
    view.csv.hidden = !rows.length;
  }

  const fromTo = (points, key = "y") =>
    losses
      .map((loss) => ofLoss(points, loss))
      .filter((of) => of.length)
      .map((of) => `${of[0].loss} from ${shown(of[0][key])} to ${shown(of.at(-1)[key])}`)
      .join("; ");

  const PER_CENT = { domain: [0, 100], grid: true };
  const ACCURACY = { label: "clean test accuracy (%)", grid: true, nice: true };

  // --- the four figures; present are the chosen losses that have a run in the setting ---

  function byRate(view) {
    const settings = settingsOf();
    const ours = (loss, name) => {
      const cell = cellOf(loss, name);
      return cell ? [...cell[epoch], cell.n, epoch === "last" && cell.never] : [];
    };
    const theirs = (loss, name) => (authors.checked && epoch === "last" && (place.authors[name] || {})[loss]) || [];
    const points = (figures, who) =>
      losses.flatMap((loss) =>
        settings.map(([name, one]) => {
          const [y, sd, n, never] = figures(loss, name);
          const ends = missing(sd) ? {} : { low: y - sd, high: y + sd };
          return { loss, who, name, odd: one.odd, x: one.rate, y, sd, ...ends, n, never, title: `${loss}${who}, ${one.name}: ${spread([y, sd])}${unanswered(never)}` };
        }),
      );
    const mine = points(ours, "");
    const onLines = mine.filter((p) => !p.odd);
    const printed = points(theirs, ", the authors").filter((p) => !missing(p.y));
    const against = named()
      ? `with ${settings.map(([, one]) => one.name).join("; ")}`
      : `against the rate of ${settings.at(-1)[1].noise}`;
    view.caption.textContent =
      `Clean test accuracy, ${ACCURACIES[epoch]}, ${against}; mean over seeds, bars: one standard deviation, where there ` +
      "are several." +
      (mine.some((p) => p.odd && !missing(p.y)) ? " Off the lines: a rate that labels by people have." : "") +
      (mine.some((p) => p.never) ? " In the table, in square brackets: how many classes a run never answers, the most." : "") +
      (printed.length ? ` Open marks: the ${place.tables.replace("'", "’")}, means of their runs in full, last epoch.` : "");
    const rates = settings.filter(([, one]) => !one.odd).map(([, one]) => one.rate);
    const scale = named() ? { type: "point" } : { ticks: rates, tickFormat: String };
    draw(
      view,
      named()
        ? `Marks of clean test accuracy in per cent: ${mine.filter((p) => !missing(p.y)).map((p) => p.title).join("; ")}.`
        : `Lines of clean test accuracy in per cent over the noise rate: ${fromTo(onLines)}.`,
      { x: { label: named() ? null : "noise rate", inset: 8, ...scale }, y: ACCURACY },
      lines(onLines),
      bars(mine),
      dots(mine),
      bars(printed, { dx: BESIDE }),
      dots(printed, { dx: BESIDE, fill: "none", stroke: colour }),
      names(onLines, printed.length ? BESIDE : 0),
      tips([...mine, ...printed]),
    );
    const row = (label, figures) => [
      label,
      ...figures.map(([mean, sd, n, never]) => spread([mean, sd]) + unanswered(never) + (n ? ` (n = ${n})` : "")),
    ];
    const rows = losses.flatMap((loss) => [
      row(
        loss,
        settings.map(([name]) => ours(loss, name)),
      ),
      ...(ofLoss(printed, loss).length
        ? [
            row(
              `${loss}, the authors`,
              settings.map(([name]) => theirs(loss, name)),
            ),
          ]
        : []),
    ]);
    tabulate(view, ["loss", ...settings.map(([, one]) => one.short)], rows);
    const head = ["loss", "whose", "setting", `clean test accuracy, ${ACCURACIES[epoch]}, mean (%)`];
    offer(
      view,
      [...head, "standard deviation (points)", "seeds", "classes never answered"],
      [...mine, ...printed]
        .filter((p) => !missing(p.y))
        .map((p) => [p.loss, p.who ? "the authors" : "ours", p.name, p.y, p.sd, p.n, epoch === "last" ? p.never : null]),
    );
  }

  function byEpoch(view, present) {
    const points = present.flatMap((loss) => {
      const [mean, low, high] = cellOf(loss).test;
      const ends = (k) => (low ? { low: low[k], high: high[k] } : {});
      return mean.map((y, k) => ({ loss, k, x: k + 1, y, ...ends(k), title: `${loss}, epoch ${k + 1}: ${shown(y)}` }));
    });
    const every = Math.max(1, Math.floor(place.epochs / 5));
    const marked = points.filter(({ loss, k }) => k % every === losses.indexOf(loss) % every);
    view.caption.textContent =
      `Clean test accuracy by epoch with ${place.settings[setting].name}; mean over seeds, shaded from the least to the ` +
      "greatest, where there are several.";
    draw(
      view,
      `Lines of clean test accuracy in per cent by epoch, first to last: ${fromTo(points)}.`,
      { x: { label: "epoch" }, y: ACCURACY },
      bands(points),
      lines(points),
      dots(marked, { r: 4 }),
      names(points),
      tips(points),
    );
    const rows = d3.range(place.epochs).map((k) => [k + 1, ...present.map((loss) => range(cellOf(loss).test, k))]);
    tabulate(view, ["epoch", ...present], rows);
    offer(view, ["loss", "epoch", ...OVER_SEEDS.map((of) => `clean test accuracy, ${of} (%)`)], points.map(flat));
  }

  function memorised(view, present) {
    if (setting === "clean") {
      view.caption.textContent = "With clean labels there are no wrong ones to memorise. Choose a rate above 0.";
      view.plot.replaceChildren();
      tabulate(view, [], []);
      offer(view, [], []);
      return;
    }
    const points = present.flatMap((loss) => {
      const cell = cellOf(loss);
      return cell.fitted[0].map((x, k) => {
        const y = cell.memorised[0][k];
        return { loss, k, x, y, title: `${loss}, epoch ${k + 1}: ${shown(y)} memorised, ${shown(x)} fitted` };
      });
    });
    const ends = present.map((loss) => {
      const [x, left, right] = cellOf(loss).fitted.map((course) => course.at(-1));
      const [y, low, high] = cellOf(loss).memorised.map((course) => course.at(-1));
      return { loss, x, left, right, y, low, high };
    });
    view.caption.textContent =
      `Wrong labels memorised against right labels fitted, epoch by epoch, with ${place.settings[setting].name}; mean ` +
      "over seeds, bars at the last epoch: from the least to the greatest, where there are several. On the grey line " +
      "both are equal.";
    draw(
      view,
      "Lines of wrong labels memorised over right labels fitted, in per cent. Memorised, first to last epoch: " +
        `${fromTo(points)}. Fitted: ${fromTo(points, "x")}.`,
      { x: { label: "right labels fitted (%)", ...PER_CENT }, y: { label: "wrong labels memorised (%)", ...PER_CENT } },
      Plot.line([0, 100], { x: Plot.identity, y: Plot.identity, stroke: "currentColor", strokeOpacity: 0.35 }),
      lines(points),
      bars(ends),
      beams(ends),
      names(points),
      tips(points),
    );
    const head = present.flatMap((loss) => [`${loss}: fitted`, `${loss}: memorised`]);
    const both = (loss, k) => [range(cellOf(loss).fitted, k), range(cellOf(loss).memorised, k)];
    const rows = d3.range(place.epochs).map((k) => [k + 1, ...present.flatMap((loss) => both(loss, k))]);
    tabulate(view, ["epoch", ...head], rows);
    const columns = ["right labels fitted", "wrong labels memorised"].map((what) => `${what}, mean (%)`);
    offer(
      view,
      ["loss", "epoch", ...columns],
      points.map((p) => [p.loss, p.k + 1, p.x, p.y]),
    );
  }

  function byClass(view, present) {
    const points = present.flatMap((loss) => {
      const [mean, left, right] = cellOf(loss).classes;
      const ends = (k) => (left ? { left: left[k], right: right[k] } : {});
      const title = (k) => `${loss}, ${place.classes[k]}: ${range(cellOf(loss).classes, k)}`;
      return mean.map((x, k) => ({ loss, x, y: place.classes[k], ...ends(k), title: title(k) }));
    });
    const extremes = present.map((loss) => `${loss} ${d3.extent(cellOf(loss).classes[0]).map(shown).join(" and ")}`);
    view.caption.textContent =
      `Test accuracy by class after the last epoch with ${place.settings[setting].name}; mean over seeds, bars: from ` +
      "the least to the greatest, where there are several. In each row the losses stand in the order of the list above.";
    draw(
      view,
      `Marks of test accuracy, a row a class. Lowest and highest class in per cent: ${extremes.join("; ")}.`,
      {
        height: 60 + place.classes.length * Math.max(22, 7 * present.length + 10),
        marginLeft: 80,
        marginRight: 16,
        x: { label: "test accuracy (%)", ...PER_CENT },
        y: { label: null, domain: place.classes, grid: true, type: "band" },
      },
      present.map((loss, k) => {
        const dy = 7 * (k - (present.length - 1) / 2);
        return [beams(ofLoss(points, loss), { dy }), dots(ofLoss(points, loss), { dy })];
      }),
      tips(points),
    );
    const rows = place.classes.map((name, k) => [name, ...present.map((loss) => range(cellOf(loss).classes, k))]);
    tabulate(view, ["class", ...present], rows);
    offer(
      view,
      ["loss", "class", ...OVER_SEEDS.map((of) => `test accuracy, ${of} (%)`)],
      points.map((p) => [p.loss, p.y, p.x, p.left, p.right]),
    );
  }

  function figure([title, show]) {
    const caption = element("figcaption", {});
    const plot = element("div", { className: "explorer-plot" });
    const table = element("table", { className: "table" });
    const region = { className: "pst-scrollable-table-container", role: "region", ariaLabel: `${title}: table` };
    const scrolls = element("div", { ...region, tabIndex: 0 }, table);
    const details = element("details", {}, element("summary", { textContent: "Table of what is drawn" }), scrolls);
    const heading = element("h2", { textContent: title });
    const file = `${title.toLowerCase().replaceAll(" ", "-")}.csv`;
    const csv = element("a", { className: "download", textContent: "Numbers (CSV)", download: file });
    csv.append(element("span", { className: "visually-hidden", textContent: `: ${title}` }));
    const code = CODE.flatMap((link) => [" · ", link.cloneNode(true)]);
    const below = element("p", { className: "numbers-line" }, csv, ...code);
    const section = element("section", {}, heading, element("figure", {}, plot, caption, details, below));
    return { show, caption, plot, table, csv, section };
  }

  const figures = Object.entries({
    "Accuracy against the noise rate": byRate,
    "Training curves": byEpoch,
    "Memorised against fitted": memorised,
    "Accuracy by class": byClass,
  }).map(figure);

  // --- together ---

  /* What is shown, in words; a screen reader says it after each choice. */
  function statement(present) {
    const cells = present.map((loss) => cellOf(loss));
    const [least, most] = d3.extent(cells, (cell) => cell.n);
    const [runs, early] = [d3.sum(cells, (cell) => cell.n), d3.sum(cells, (cell) => cell.early)];
    const byNumber = d3.groups(present, (loss) => cellOf(loss).never).sort(([a], [b]) => b - a);
    const leftOut = byNumber.filter(([number]) => number).map(([number, of]) => `${number} with ${of.join(", ")}`);
    const absent = losses.filter((loss) => !present.includes(loss));
    const seeds = least < most ? `${least} to ${most} seeds` : most === 1 ? "one seed" : `${most} seeds`;
    const parts = [
      unknown.length && `The link asks for what is not here: ${unknown.join("; ")}.`,
      `Shown: ${place.data_name}, protocol ${place.protocol} (${place.title}; ${place.images.toLocaleString("en")} ` +
        `training images, ${place.epochs} epochs), ${place.settings[setting].name}, ${ACCURACIES[epoch]}.`,
      losses.length ? `Losses: ${losses.join("; ")}.` : "No loss is chosen.",
      leftOut.length && `After the last epoch some classes are never answered, the most in a run: ${leftOut.join("; ")}.`,
      runs && `In this setting ${runs} run${runs > 1 ? "s" : ""}, ${seeds} each.`,
      early && `${early} of them exploratory: made before any claim had its test.`,
      absent.length && `Without a run in this setting: ${absent.join("; ")}.`,
    ];
    return parts.filter(Boolean).join(" ");
  }

  function render() {
    const present = losses.filter((loss) => cellOf(loss));
    for (const view of figures) {
      view.section.hidden = !losses.length;
      if (losses.length) view.show(view, present);
    }
    status.textContent = statement(present);
  }

  function show() {
    read();
    settle();
    boxes.replaceChildren(boxes.firstChild, ...place.losses.map(box));
    render();
  }

  form.addEventListener("change", ({ target }) => {
    for (const name in selects) asked[name] = selects[name].value;
    asked.authors = authors.checked ? "1" : "0";
    if (boxes.contains(target)) {
      const elsewhere = (asked.losses || []).filter((loss) => !place.losses.includes(loss));
      asked.losses = [...elsewhere, ...[...boxes.querySelectorAll(":checked")].map((input) => input.value)];
    }
    settle();
    unknown = []; // it is the reader's own choice that took it away
    if (!boxes.contains(target)) boxes.replaceChildren(boxes.firstChild, ...place.losses.map(box));
    render();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => location.hash.includes("=") && show()); // not for a link within the page

  const sections = figures.map((view) => view.section);
  const view = element(
    "div",
    { className: "explorer-view" },
    form,
    status,
    element("div", { className: "explorer-figures" }, ...sections),
  );
  const stood = fallback.closest(".pst-scrollable-table-container") || fallback;
  stood.before(view);
  stood.hidden = true;
  show();
  let width = view.clientWidth;
  new ResizeObserver(() => {
    if (view.clientWidth === width) return;
    width = view.clientWidth;
    render();
  }).observe(view);
})();
