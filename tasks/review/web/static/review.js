// Keys and waveforms of the review page. Every decision is a form that works without this file: keys press its buttons.
import WaveSurfer from "./wavesurfer.esm.js";

const nonce = document.querySelector("script[data-nonce]").nonce || document.querySelector("script[data-nonce]").dataset.nonce;
const sentences = [...document.querySelectorAll(".sentence")];
let here = -1;
let wave = null;

// ---- the sentence in hand ----

function go(index, scroll = true) {
  if (!sentences.length) return;
  stop();
  sentences[here]?.classList.remove("here");
  here = Math.max(0, Math.min(sentences.length - 1, index));
  const sentence = sentences[here];
  sentence.classList.add("here");
  sentence.focus({ preventScroll: true });
  if (scroll) sentence.scrollIntoView({ block: "nearest" });
  draw();
}

const sentence = () => sentences[here];
const takes = () => [...(sentence()?.querySelectorAll(".take[data-take]") ?? [])];
const take = () => takes().find((item) => item.querySelector("input").checked) ?? takes()[0];

// ---- hearing ----

function stop() {
  for (const sound of document.querySelectorAll("audio")) sound.pause();
}

// Draws the waveform of the take in hand; its points come from the server, so nothing is decoded to draw.
async function draw() {
  wave?.destroy();
  wave = null;
  const place = sentence()?.querySelector(".wave");
  for (const other of document.querySelectorAll(".wave")) other.hidden = true;
  const chosen = take();
  if (!place || !chosen) return;
  const answer = await fetch(chosen.dataset.peaks);
  if (!answer.ok || chosen !== take()) return;
  const { peaks, seconds } = await answer.json();
  place.hidden = false;
  const style = getComputedStyle(document.documentElement);
  wave = WaveSurfer.create({
    container: place,
    media: chosen.querySelector("audio"),
    peaks: [peaks],
    duration: seconds,
    height: 64,
    normalize: true,
    waveColor: "#8aa9c0",
    progressColor: "#1f6391",
    cursorColor: style.color,
    cspNonce: nonce,
  });
}

// A sound that is stopped before it has begun (the next key came fast, or the audio late) is no fault.
function begin(sound) {
  sound.play().catch((error) => { if (error.name !== "AbortError") throw error; });
}

function play(sound) {
  const again = sound.paused;
  stop();
  if (!again) return;
  if (sound.ended) sound.currentTime = 0;
  begin(sound);
}

function hear(number) {
  const wanted = takes().find((item) => Number(item.dataset.take) === number) ?? takes()[number - 1];
  if (!wanted) return;
  const changed = wanted !== take();
  wanted.querySelector("input").checked = true;
  stop();
  if (changed) draw();
  const sound = wanted.querySelector("audio");
  sound.currentTime = 0;
  begin(sound);
}

// The event comes after the fact: by then the next key may have stopped this sound and begun another.
document.addEventListener("play", (event) => {
  if (event.target.paused) return;
  for (const sound of document.querySelectorAll("audio")) if (sound !== event.target) sound.pause();
  for (const item of document.querySelectorAll(".take")) item.classList.toggle("sounding", item.contains(event.target));
}, true);

// A chapter's sound is heard from a while before the sentence to a while after it.
for (const sound of document.querySelectorAll("audio.mastered")) {
  sound.addEventListener("timeupdate", () => {
    if (sound.currentTime >= Number(sound.dataset.end)) sound.pause();
  });
}

function hearMastered() {
  const sound = document.querySelector("audio.mastered");
  if (!sound) return false;
  stop();
  sound.currentTime = Number(sound.dataset.start);
  begin(sound);
  return true;
}

for (const item of document.querySelectorAll(".take input")) {
  item.addEventListener("change", () => {
    here = sentences.indexOf(item.closest(".sentence"));
    draw();
  });
}
for (const [index, item] of sentences.entries()) {
  item.addEventListener("pointerdown", () => { if (index !== here) go(index, false); });
  item.addEventListener("focusin", () => { if (index !== here) { sentences[here]?.classList.remove("here"); here = index; item.classList.add("here"); draw(); } });
}

// ---- keys ----

const button = (key) => sentence()?.querySelector(`[data-key="${key}"]`);

function edit() {
  const details = sentence()?.querySelector("details.edit");
  if (!details) return;
  details.open = true;
  const field = details.querySelector("textarea");
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  field.scrollIntoView({ block: "nearest" });
}

const keys = {
  " ": () => { const chosen = take(); if (chosen) play(chosen.querySelector("audio")); },
  j: () => go(here + 1),
  k: () => go(here - 1),
  a: () => button("a")?.click(),
  r: () => button("r")?.click(),
  s: () => button("s")?.click(),
  e: edit,
  c: () => { if (!hearMastered()) button("c")?.click(); },
  u: () => document.querySelector('[data-key="u"]')?.click(),
  f: () => document.querySelector('[data-key="f"]')?.click(),
  "/": () => document.querySelector('[data-key="/"]')?.focus(),
  A: () => document.querySelector('[data-key="shift+a"]')?.click(),
  S: () => document.querySelector('[data-key="shift+s"]')?.click(),
  P: () => document.querySelector('[data-key="shift+p"]')?.click(),
  Escape: () => document.querySelector('[data-key="escape"]')?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("textarea, select, input:not([type=radio])") || event.target.closest("details.edit > form")) {
    if (event.key === "Escape") sentence()?.focus();
    if (event.key === "Enter" && event.target.matches("textarea, [name=reach]")) {
      event.preventDefault();
      event.target.form.querySelector("button").click();
    }
    return;
  }
  if (event.key === "Enter" && event.target.matches("[name=take]")) {
    event.preventDefault();  // else the browser would press the first button, "Approve"
    return;
  }
  if (event.key === " " && event.target.matches("button, summary, a")) return;
  const digit = /^Digit([1-9])$/.exec(event.code);
  if (digit && event.shiftKey) {
    const sound = takes()[Number(digit[1]) - 1]?.querySelector("audio.between");
    if (sound) { stop(); sound.currentTime = 0; begin(sound); }
  } else if (digit) {
    hear(Number(digit[1]));
  } else if (keys[event.key]) {
    keys[event.key]();
  } else {
    return;
  }
  event.preventDefault();
});

// ---- work that goes on ----

const work = document.querySelector("[data-state]");
if (work) {
  const look = async () => {
    const answer = await fetch(work.dataset.state).catch(() => null);
    if (!answer?.ok) return;
    const state = await answer.json();
    const progress = work.querySelector("[data-progress]");
    if (state.running && progress) progress.textContent = `${state.done} of ${state.total} sentences are spoken.`;
    if (`${state.run} ${state.running} ${state.word}` !== work.dataset.now) offer();
  };
  const offer = () => {
    const busy = document.activeElement?.matches("textarea, input") || [...document.querySelectorAll("audio")].some((sound) => !sound.paused);
    if (!busy) location.reload();
  };
  setInterval(look, 2000);
}

const named = sentences.findIndex((item) => `#${item.id}` === location.hash);
go(Math.max(0, named), named >= 0);
