/* A slider swaps the two pictures of its figure, their text alternative, and the sentence below it. Without this script
   the figure is an ordinary one, and the control stays hidden. */
document.querySelectorAll("div.slider").forEach(function (slider) {
  var frames = JSON.parse(slider.dataset.frames);
  var input = slider.querySelector("input");
  var images = slider.closest("figure").querySelectorAll(".themed-pair img");

  function show() {
    var frame = frames[Number(input.value)];
    images.forEach(function (image) {
      var source = image.classList.contains("only-dark") ? frame.dark : frame.light;
      if (image.getAttribute("src") !== source) image.setAttribute("src", source);
      image.alt = frame.alt;
    });
    input.setAttribute("aria-valuetext", frame.value);
    slider.querySelector(".slider-value").textContent = frame.value;
    slider.querySelector(".slider-text").textContent = frame.alt;
  }

  images.forEach(function (image) { image.loading = "lazy"; }); /* that of the other theme is not fetched */
  input.addEventListener("input", show);
  slider.hidden = false;
});
