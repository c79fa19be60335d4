/* A formula or figure that is wider than the page scrolls inside its own box, and a box that scrolls must be
   reachable by keyboard. (The theme sees to code and tables in the same way.) */
(function () {
  function update() {
    document.querySelectorAll("div.math mjx-container, .themed-pair").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
      } else if (box.tabIndex === 0) {
        box.removeAttribute("tabindex");
      }
    });
  }
  window.addEventListener("load", function () {
    update();
    if (window.MathJax && window.MathJax.startup) window.MathJax.startup.promise.then(update);
  });
  window.addEventListener("resize", update);
})();

/* A link to the code of a cell opens the box that hides it. */
document.addEventListener("click", function (event) {
  var link = event.target.closest && event.target.closest('.numbers-line a[href^="#code-"]');
  var box = link && document.getElementById(link.hash.slice(1)).closest("details");
  if (box) box.open = true;
});
