/* The explorer draws what explorer-data.js holds and computes nothing of it. What is chosen stands behind the # of the
   address, so that a link or a reload shows the same again. Without this script the table of all accuracies is there. */
(function () {
  const table = document.querySelector("table.explorer");
  if (!table || !window.Plot || !window.explorerData) return;
  const { looks, places } = window.explorerData;
  const ends = { last: "last epoch", best: "best epoch (chosen on test)" };
  const usual = "0.4"; // the rate that is shown first
  const line = 2; // width in pixels, in which the dashes are measured
  const apart = 14; // pixels from name to name
  let asked = {}; // by the reader or a link; what is shown is the part of it that there is
  let place, noise, rate, epoch, losses, setting, note;

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
  const colour = (loss) => looks[loss].colour || "currentColor";
  const unique = (values) => [...new Set(values)];
  const at = (loss, name = setting) => place.cells.find((cell) => cell.loss === loss && cell.setting === name);
  const theirs = (loss, name) => asked.authors !== "0" && epoch === "last" && (place.authors[name] || {})[loss];
  const stroke = (loss) => ({ stroke: colour(loss), strokeWidth: line, strokeDasharray: looks[loss].dashes || null });

  // --- the form ---

  const form = element("form", { className: "filters", ariaLabel: "What is shown" });
  const selects = {};
  for (const [name, label] of [
    ["data", "data set"],
    ["protocol", "protocol"],
    ["noise", "noise"],
    ["rate", "rate"],
    ["epoch", "accuracy"],
  ]) {
    const id = `explorer-${name}`;
    selects[name] = element("select", { id, name, className: "form-select", autocomplete: "off" });
    form.append(element("div", {}, element("label", { htmlFor: id, textContent: label }), selects[name]));
  }
  const boxes = element("fieldset", {}, element("legend", { textContent: "losses" }));
  const authors = element("input", { type: "checkbox", name: "authors", autocomplete: "off" });
  const said = element("p", { className: "explorer-said", role: "status" });
  form.append(boxes, element("label", {}, authors, " the authors’ figures beside ours"));

  function fill(select, options, value) {
    select.replaceChildren(...options.map(([of, text]) => element("option", { value: of, textContent: text })));
    select.value = value;
  }

  /* A drawing is one picture to a screen reader, not a heap of marks; without words it is none. */
  function picture(options, alt) {
    const drawing = Plot.plot(options);
    drawing.querySelectorAll("[aria-label]").forEach((mark) => mark.removeAttribute("aria-label"));
    drawing.setAttribute("role", alt ? "img" : "none");
    drawing.setAttribute(alt ? "aria-label" : "aria-hidden", alt || "true");
    return drawing;
  }

  function swatch(loss) {
    return picture({
      width: 44,
      height: 16,
      margin: 0,
      axis: null,
      x: { domain: [0, 44] },
      y: { domain: [0, 16] },
      marks: [
        Plot.ruleY([8], { x1: 0, x2: 44, ...stroke(loss) }),
        Plot.dot([[22, 8]], { symbol: symbol(loss), r: 5, fill: colour(loss) }),
      ],
    });
  }

  function box(loss) {
    const input = element("input", { type: "checkbox", value: loss, autocomplete: "off" });
    input.checked = losses.includes(loss);
    return element("label", {}, input, swatch(loss), loss);
  }

  // --- what is chosen ---

  /* The part of what was asked for that there is; what there is not is named where a link asked for it. */
  function settle(linked) {
    const unknown = [];
    const pick = (name, options, otherwise) => {
      if (options.includes(asked[name])) return asked[name];
      if (linked && asked[name]) unknown.push(`${name} ${asked[name]}`);
      return otherwise || options[0];
    };
    const data = pick(
      "data",
      places.map((one) => one.data),
    );
    const here = places.filter((one) => one.data === data);
    const protocol = pick(
      "protocol",
      here.map((one) => one.protocol),
    );
    place = here.find((one) => one.protocol === protocol);
    const settings = Object.entries(place.settings);
    const kinds = unique(settings.map(([, one]) => one.kind));
    const noisy = kinds.filter((kind) => kind !== "clean");
    noise = pick("noise", noisy.length ? noisy : kinds);
    const ofNoise = settings.filter(([, one]) => [noise, "clean"].includes(one.kind));
    const rates = ofNoise.map(([, one]) => String(one.rate));
    rate = pick("rate", rates, rates.includes(usual) ? usual : rates.find((one) => one !== "0"));
    setting = ofNoise.find(([, one]) => String(one.rate) === rate)[0];
    epoch = pick("epoch", Object.keys(ends));
    losses = place.losses.filter((loss) => (asked.losses || place.first).includes(loss));
    if (linked && asked.losses) {
      unknown.push(...asked.losses.filter((loss) => !place.losses.includes(loss)).map((loss) => `loss ${loss}`));
    }
    if (!losses.length && asked.losses && asked.losses.length) losses = place.first;
    note = unknown.length ? `The link asks for ${unknown.join(", ")}, which there is not. ` : "";

    fill(
      selects.data,
      unique(places.map((one) => one.data)).map((of) => [of, places.find((one) => one.data === of).data_name]),
      data,
    );
    fill(
      selects.protocol,
      here.map((one) => [one.protocol, `${one.protocol}: ${one.title}`]),
      protocol,
    );
    fill(
      selects.noise,
      (noisy.length ? noisy : kinds).map((kind) => [kind, kind]),
      noise,
    );
    fill(
      selects.rate,
      rates.map((one) => [one, one === "0" ? "0 (clean labels)" : one]),
      rate,
    );
    fill(selects.epoch, Object.entries(ends), epoch);
    authors.checked = asked.authors !== "0";
    authors.parentNode.hidden = !Object.keys(place.authors).length;
  }

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    asked = Object.fromEntries(given);
    if (given.has("loss")) asked.losses = given.getAll("loss");
  }

  function link() {
    const chosen = { data: place.data, protocol: place.protocol, noise, rate, epoch };
    const pairs = [...Object.entries(chosen), ...losses.map((loss) => ["loss", loss])];
    if (asked.authors === "0") pairs.push(["authors", "0"]);
    history.replaceState(null, "", `#${new URLSearchParams(pairs)}`);
  }

  // --- marks ---

  function symbol(loss) {
    return {
      draw(context, size) {
        const width = 2 * Math.sqrt(size / Math.PI);
        looks[loss].marker.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](width * x, width * y));
        context.closePath();
      },
    };
  }

  const dot = (loss, points, options) =>
    Plot.dot(points, { x: "x", y: "y", symbol: symbol(loss), r: 5, fill: colour(loss), ...options });

  const tip = (points) => Plot.tip(points, Plot.pointer({ x: "x", y: "y", title: "title" }));

  /* Names beside the ends of lines, each with its marker, as far apart as it takes to read them. */
  function names(points) {
    const last = losses.flatMap((loss) => points.filter((p) => p.loss === loss && Number.isFinite(p.y)).slice(-1));
    const place = (data, facets, { x, y }, scales, { height, marginBottom }) => {
      const order = [...data.keys()].sort((a, b) => scales.y(y.value[a]) - scales.y(y.value[b]));
      const places = data.map((_, k) => scales.y(y.value[k]));
      order.forEach((k, n) => n && (places[k] = Math.max(places[k], places[order[n - 1]] + apart)));
      order.reverse().reduce((room, k) => (places[k] = Math.min(places[k], room)) - apart, height - marginBottom);
      return { data, facets, channels: { x: { value: x.value.map(scales.x) }, y: { value: places } } };
    };
    const moved = (filter) => Plot.initializer({ x: "x", y: "y", filter }, place);
    return [
      ...losses.map((loss) => dot(loss, last, { ...moved((p) => p.loss === loss), dx: 12, r: 4 })),
      Plot.text(last, { ...moved(), text: "loss", textAnchor: "start", dx: 19, fill: "currentColor" }),
    ];
  }

  function draw(view, options, marks) {
    const width = Math.max(280, view.plot.clientWidth);
    const room = options.named ? 28 + 7 * Math.max(...losses.map((loss) => loss.length)) : 16;
    const size = { width, height: Math.max(260, Math.min(360, 0.65 * width)), marginRight: room, marginBottom: 40 };
    const style = { fontSize: "12px", overflow: "visible" };
    const alt = `${options.alt} All numbers stand in the table below.`;
    view.plot.replaceChildren(picture({ ...size, ...options, style, marks }, alt));
  }

  function write(view, head, rows) {
    const heading = (scope) => (text, k) =>
      element("th", { className: k ? "text-right" : "", scope, textContent: text });
    const number = (text) => element("td", { className: "text-right", textContent: text });
    const row = ([first, ...others]) => element("tr", {}, heading("row")(first, 0), ...others.map(number));
    view.table.replaceChildren(
      element("thead", {}, element("tr", {}, ...head.map(heading("col")))),
      element("tbody", {}, ...rows.map(row)),
    );
  }

  const fromTo = (points, value = (p) => p.y) =>
    losses
      .map((loss) => points.filter((p) => p.loss === loss && Number.isFinite(p.y)))
      .filter((of) => of.length)
      .map((of) => `${of[0].loss} from ${shown(value(of[0]))} to ${shown(value(of.at(-1)))}`)
      .join("; ");

  // --- the four figures ---

  function byRate(view) {
    const settings = Object.entries(place.settings).filter(([, one]) => [noise, "clean"].includes(one.kind));
    const scale = noise === "human" ? { type: "point" } : { ticks: settings.map(([, one]) => one.rate) };
    const point = (loss, [name, one], figure, who) => {
      const [mean, sd] = figure || [];
      const title = `${loss}${who}, ${one.name}: ${spread([mean, sd])}`;
      const bar = missing(sd) ? {} : { low: mean - sd, high: mean + sd };
      return { loss, x: one.rate, y: missing(mean) ? NaN : mean, title, ...bar };
    };
    const all = (figure, who) =>
      losses.flatMap((loss) => settings.map((one) => point(loss, one, figure(loss, one[0]), who)));
    const ours = all((loss, name) => (at(loss, name) || {})[epoch], "");
    const printed = all(theirs, ", the authors").filter((p) => Number.isFinite(p.y));
    const bars = (points, loss, dx) =>
      Plot.ruleX(
        points.filter((p) => p.loss === loss && "low" in p),
        { x: "x", y1: "low", y2: "high", stroke: colour(loss), dx },
      );
    view.caption.textContent =
      `Clean test accuracy, ${ends[epoch]}, against the rate of ${noise} noise; mean over seeds, bars: one standard ` +
      "deviation, where there are several." +
      (printed.length ? " Open marks: the authors’ draft tables, means of their runs in full, last epoch." : "");
    draw(
      view,
      {
        named: true,
        x: { label: "noise rate", inset: 8, ...scale },
        y: { label: "clean test accuracy (%)", grid: true, nice: true },
        alt: `Lines of clean test accuracy in per cent over the noise rate: ${fromTo(ours)}.`,
      },
      [
        ...losses.flatMap((loss) => {
          const mine = ours.filter((p) => p.loss === loss);
          const open = { fill: "none", stroke: colour(loss), strokeWidth: 1.5, dx: 7 };
          return [
            Plot.lineY(mine, { x: "x", y: "y", ...stroke(loss) }),
            bars(ours, loss, 0),
            dot(loss, mine),
            bars(printed, loss, 7),
            dot(
              loss,
              printed.filter((p) => p.loss === loss),
              open,
            ),
          ];
        }),
        ...names(ours),
        tip([...ours, ...printed]),
      ],
    );
    const runs = (figure, n) => (figure ? `${spread(figure)} (n = ${n})` : "–");
    const rows = losses.flatMap((loss) => [
      [loss, ...settings.map(([name]) => runs((at(loss, name) || {})[epoch], (at(loss, name) || {}).n))],
      ...(printed.some((p) => p.loss === loss)
        ? [
            [
              `${loss}, the authors`,
              ...settings.map(([name]) => runs(theirs(loss, name), (theirs(loss, name) || [])[2])),
            ],
          ]
        : []),
    ]);
    write(view, ["loss", ...settings.map(([, one]) => one.name)], rows);
  }

  /* Points of a course by epoch: mean, and over several seeds the least and the greatest value. */
  const course = (loss, [mean, low, high]) =>
    mean.map((y, k) => ({ loss, x: k + 1, y: missing(y) ? NaN : y, ...(low ? { low: low[k], high: high[k] } : {}) }));

  function byEpoch(view, present) {
    const points = present.flatMap((loss) => course(loss, at(loss).test));
    points.forEach((p) => (p.title = `${p.loss}, epoch ${p.x}: ${shown(p.y)}`));
    view.caption.textContent =
      `Clean test accuracy by epoch with ${place.settings[setting].name}; mean over seeds, shaded from the least to the ` +
      "greatest where there are several.";
    draw(
      view,
      {
        named: true,
        x: { label: "epoch" },
        y: { label: "clean test accuracy (%)", grid: true, nice: true },
        alt: `Lines of clean test accuracy in per cent by epoch, first to last: ${fromTo(points)}.`,
      },
      [
        ...present.flatMap((loss, number) => {
          const mine = points.filter((p) => p.loss === loss);
          const every = Math.max(1, Math.floor(mine.length / 5));
          return [
            Plot.areaY(
              mine.filter((p) => "low" in p),
              { x: "x", y1: "low", y2: "high", fill: colour(loss), fillOpacity: 0.2 },
            ),
            Plot.lineY(mine, { x: "x", y: "y", ...stroke(loss) }),
            dot(
              loss,
              mine.filter((_, k) => k % every === number % every),
              { r: 4 },
            ),
          ];
        }),
        ...names(points),
        tip(points),
      ],
    );
    const epochs = present.length ? at(present[0]).test[0] : [];
    write(
      view,
      ["epoch", ...present],
      epochs.map((_, k) => [k + 1, ...present.map((loss) => range(at(loss).test, k))]),
    );
  }

  function memorised(view, present) {
    if (setting === "clean") {
      view.caption.textContent = "Clean labels: there are no wrong ones to memorise. Choose a rate above 0.";
      view.plot.replaceChildren();
      write(view, [], []);
      return;
    }
    const points = present.flatMap((loss) => {
      const [fitted, wrong] = [at(loss).fitted[0], at(loss).memorised[0]];
      return fitted.map((x, k) => ({
        loss,
        x,
        y: wrong[k],
        title: `${loss}, epoch ${k + 1}: ${shown(wrong[k])} at ${shown(x)}`,
      }));
    });
    view.caption.textContent =
      `Wrong labels memorised against right labels fitted, epoch by epoch, with ${place.settings[setting].name}; mean over ` +
      "seeds, bars at the last epoch: from the least to the greatest. On the grey line both are equal.";
    const bars = present.flatMap((loss) => {
      const [[x, left, right], [y, low, high]] = ["fitted", "memorised"].map((key) =>
        at(loss)[key].map((of) => of.at(-1)),
      );
      return missing(low) ? [] : [{ loss, x, left, right, y, low, high }];
    });
    const scale = { domain: [0, 100], grid: true };
    draw(
      view,
      {
        named: true,
        x: { label: "right labels fitted (%)", ...scale },
        y: { label: "wrong labels memorised (%)", ...scale },
        alt:
          "Lines of wrong labels memorised over right labels fitted, in per cent. Memorised, first to last epoch: " +
          `${fromTo(points)}. Fitted: ${fromTo(points, (p) => p.x)}.`,
      },
      [
        Plot.line(
          [
            [0, 0],
            [100, 100],
          ],
          { stroke: "currentColor", strokeOpacity: 0.35 },
        ),
        ...present.flatMap((loss) => {
          const mine = bars.filter((one) => one.loss === loss);
          return [
            Plot.line(
              points.filter((p) => p.loss === loss),
              { x: "x", y: "y", ...stroke(loss) },
            ),
            Plot.ruleX(mine, { x: "x", y1: "low", y2: "high", stroke: colour(loss) }),
            Plot.ruleY(mine, { y: "y", x1: "left", x2: "right", stroke: colour(loss) }),
          ];
        }),
        ...names(points),
        tip(points),
      ],
    );
    const epochs = present.length ? at(present[0]).memorised[0] : [];
    const head = present.flatMap((loss) => [`${loss}: fitted`, `${loss}: memorised`]);
    const both = (loss, k) => [range(at(loss).fitted, k), range(at(loss).memorised, k)];
    write(
      view,
      ["epoch", ...head],
      epochs.map((_, k) => [k + 1, ...present.flatMap((loss) => both(loss, k))]),
    );
  }

  function byClass(view, present) {
    const points = present.flatMap((loss) => {
      const [mean, low, high] = at(loss).classes;
      return place.classes.map((name, k) => ({
        loss,
        x: mean[k],
        y: name,
        title: `${loss}, ${name}: ${range(at(loss).classes, k)}`,
        ...(low ? { low: low[k], high: high[k] } : {}),
      }));
    });
    view.caption.textContent =
      `Test accuracy by class after the last epoch with ${place.settings[setting].name}; mean over seeds, bars: from the ` +
      "least to the greatest.";
    const dy = (loss) => 7 * (present.indexOf(loss) - (present.length - 1) / 2);
    const lowest = (loss) => Math.min(...at(loss).classes[0]);
    const highest = (loss) => Math.max(...at(loss).classes[0]);
    const extremes = present.map((loss) => `${loss} ${shown(lowest(loss))} and ${shown(highest(loss))}`);
    draw(
      view,
      {
        height: 60 + place.classes.length * Math.max(22, 7 * present.length + 10),
        marginLeft: 80,
        x: { label: "test accuracy (%)", domain: [0, 100], grid: true },
        y: { label: null, domain: place.classes, grid: true, type: "band" },
        alt: `Marks of test accuracy, a row a class. Lowest and highest class in per cent: ${extremes.join("; ")}.`,
      },
      [
        ...present.flatMap((loss) => {
          const mine = points.filter((p) => p.loss === loss);
          return [
            Plot.ruleY(
              mine.filter((p) => "low" in p),
              { y: "y", x1: "low", x2: "high", stroke: colour(loss), dy: dy(loss) },
            ),
            dot(loss, mine, { dy: dy(loss) }),
          ];
        }),
        tip(points),
      ],
    );
    write(
      view,
      ["class", ...present],
      place.classes.map((name, k) => [name, ...present.map((loss) => range(at(loss).classes, k))]),
    );
  }

  const figures = [
    ["Accuracy against the noise rate", byRate],
    ["Training curves", byEpoch],
    ["Memorised against fitted", memorised],
    ["Accuracy by class", byClass],
  ].map(([title, show]) => {
    const parts = {
      caption: element("figcaption", {}),
      plot: element("div", { className: "explorer-plot" }),
      table: element("table", { className: "table" }),
    };
    const scrolls = element(
      "div",
      { className: "pst-scrollable-table-container", tabIndex: 0, role: "region", ariaLabel: `${title}: table` },
      parts.table,
    );
    const details = element("details", {}, element("summary", { textContent: "Table of what is drawn" }), scrolls);
    const whole = element("figure", {}, parts.plot, parts.caption, details);
    return { ...parts, show, whole: element("section", {}, element("h2", { textContent: title }), whole) };
  });

  // --- together ---

  function statement(present) {
    const cells = present.map((loss) => at(loss));
    const runs = cells.reduce((sum, cell) => sum + cell.n, 0);
    const early = cells.reduce((sum, cell) => sum + cell.early, 0);
    const [least, most] = [Math.min(...cells.map((cell) => cell.n)), Math.max(...cells.map((cell) => cell.n))];
    const seeds = least < most ? `${least} to ${most} seeds` : most === 1 ? "one seed" : `${most} seeds`;
    const absent = losses.filter((loss) => !present.includes(loss));
    return (
      `${note}Shown: ${place.data_name}, protocol ${place.protocol} (${place.title}; ` +
      `${place.images.toLocaleString("en")} training images, ${place.epochs} epochs), ${place.settings[setting].name}, ` +
      `${ends[epoch]}; ` +
      (losses.length ? `${losses.join(", ")}. ` : "no loss is chosen. ") +
      (cells.length ? `In this setting ${runs} run${runs > 1 ? "s" : ""}, ${seeds} each` : "") +
      (early ? `, ${early} of them exploratory: made before any claim had its test` : "") +
      (cells.length ? ". " : "") +
      (absent.length ? `Without a run in this setting: ${absent.join(", ")}.` : "")
    );
  }

  function render() {
    const present = losses.filter((loss) => at(loss));
    for (const view of figures) {
      view.whole.hidden = !losses.length;
      if (losses.length) view.show(view, present);
    }
    said.textContent = statement(present);
  }

  function show(linked) {
    settle(linked);
    boxes.replaceChildren(boxes.firstChild, ...place.losses.map(box));
    render();
  }

  form.addEventListener("change", (event) => {
    const chosen = [...boxes.querySelectorAll("input:checked")].map((input) => input.value);
    const elsewhere = (asked.losses || []).filter((loss) => !place.losses.includes(loss));
    const byHand = boxes.contains(event.target) ? { losses: [...elsewhere, ...chosen] } : {};
    const values = Object.fromEntries(Object.entries(selects).map(([name, select]) => [name, select.value]));
    asked = { ...asked, ...values, ...byHand, authors: authors.checked ? "1" : "0" };
    settle(false);
    if (event.target === selects.data || event.target === selects.protocol) {
      boxes.replaceChildren(boxes.firstChild, ...place.losses.map(box));
    }
    render();
    link();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => {
    if (location.hash.includes("=")) {
      read();
      show(true);
    }
  });

  const view = element(
    "div",
    { className: "explorer-view" },
    form,
    said,
    element("div", { className: "explorer-figures" }, ...figures.map((one) => one.whole)),
  );
  const stood = table.closest(".pst-scrollable-table-container") || table;
  stood.before(view);
  stood.hidden = true;
  read();
  show(true);
  let width = view.clientWidth;
  new ResizeObserver(() => {
    if (view.clientWidth === width) return;
    width = view.clientWidth;
    if (losses.length) render();
  }).observe(view);
})();
