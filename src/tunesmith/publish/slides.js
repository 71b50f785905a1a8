// A key that is meant for a player, a folded answer or a field is not reveal's.
const elsewhere = "button, input, select, textarea, audio, video, summary, iframe, [contenteditable]";

// A slide that is a little too long gets smaller print; one that is much too long scrolls.
function fit(slide) {
  if (!slide) return;
  for (const size of [1, 0.94, 0.88, 0.82, 0.76]) {
    slide.style.setProperty("--fit", size);
    if (slide.scrollHeight <= slide.clientHeight + 1) return;
  }
  slide.style.setProperty("--fit", 0.88);
}

// A slide that scrolls is reached by the keyboard too.
function settle() {
  const slide = Reveal.getCurrentSlide();
  fit(slide);
  const long = slide && slide.scrollHeight > slide.clientHeight + 1;
  if (long) slide.tabIndex = 0; else if (slide) slide.removeAttribute("tabindex");
}

Reveal.initialize({
  width: "100%", height: "100%", margin: 0, minScale: 1, maxScale: 1, center: false,
  controls: true, progress: true, hash: true, slideNumber: "c/t", transition: "none", backgroundTransition: "none",
  keyboardCondition: () => !(document.activeElement && document.activeElement.closest(elsewhere)),
});
Reveal.on("ready", settle);
Reveal.on("slidechanged", () => {
  // What plays belongs to the slide that was left, and so does a button that has the keys.
  document.querySelectorAll("audio").forEach((sound) => sound.pause());
  if (document.activeElement && document.activeElement.closest(elsewhere)) document.activeElement.blur();
  settle();
});
Reveal.on("fragmentshown", (event) => event.fragment.scrollIntoView({block: "nearest"}));
addEventListener("resize", settle);
document.addEventListener("toggle", settle, true);
