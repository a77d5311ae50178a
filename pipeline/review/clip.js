// Draws a clip. All text is set with textContent: captions are never markup.
"use strict";

const TONES = 6; // colours of speakers
const $ = (id) => document.getElementById(id);

// Characters that turn the line around or are not to be seen are shown by their number.
const visible = (text) => text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
  (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = visible(text);
  if (className) made.className = className;
  return made;
}

const speakers = (clip) => [...new Set(clip.speech.map((said) => said.speaker))];

// What was said, each word by itself where its time is known: quotations point at words.
function words(said) {
  const line = element("span", said.words.length ? "" : said.text);
  line.append(...said.words.flatMap((word, number) => {
    const made = element("span", word.text, "word");
    made.dataset.start = word.start;
    made.dataset.end = word.end;
    made.addEventListener("click", (event) => { event.stopPropagation(); go(word.start); });
    return number ? [" ", made] : [made];
  }));
  return line;
}

function light(start, end) {
  const all = [...$("speech").querySelectorAll(".word")];
  const within = (word) => start < word.dataset.end - 0.01 && word.dataset.start < end - 0.01;
  for (const word of all) word.classList.toggle("lit", within(word));
  return all.find((word) => word.classList.contains("lit"));
}

function piece(part) {
  if (part.kind === "text") return document.createTextNode(visible(part.text));
  const link = element("span", part.text, part.kind); // a button would not break across lines
  link.setAttribute("role", "link");
  link.title = part.kind === "quote" ? `${part.speaker || "?"} at ${part.time.toFixed(1)} s` : `go to ${part.time} s`;
  link.dataset.time = part.time;
  link.addEventListener("click", () => {
    if (part.kind === "anchor") return choose(anchors().indexOf(link));
    go(part.time);
    light(part.time, part.end)?.scrollIntoView({ block: "nearest" });
  });
  if (part.kind === "quote") link.addEventListener("mouseenter", () => light(part.time, part.end));
  return link;
}

// Marks the words in the caption, whatever pieces it is made of.
function select(words) {
  const nodes = [];
  const walker = document.createTreeWalker($("caption"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const start = nodes.map((node) => node.data).join("").indexOf(visible(words).replace(/…$/, ""));
  if (!words || start < 0) return say("these words are not in the caption");
  const range = document.createRange();
  let at = 0;
  const end = start + visible(words).replace(/…$/, "").length;
  for (const node of nodes) {
    if (at <= start && start < at + node.length) range.setStart(node, start - at);
    if (at < end && end <= at + node.length) range.setEnd(node, end - at);
    at += node.length;
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
}

// One lane for the shots, one for each speaker, one for the anchors, over a scale of seconds.
function timeline(clip) {
  const across = (time) => `${(100 * Math.min(Math.max(time, 0), clip.duration)) / clip.duration}%`;
  const lane = (name, pieces, kind) => {
    const made = element("div", undefined, ["lane", kind].filter(Boolean).join(" "));
    made.append(...pieces, ...(kind ? [] : [element("div", undefined, "now")]));
    return [element("b", name), made];
  };
  const span = (start, end, text, kind) => {
    const made = element("button", text, kind);
    made.type = "button";
    made.tabIndex = -1;
    made.style.left = across(start);
    made.style.width = `calc(${across(end)} - ${across(start)} - 1px)`;
    made.title = `${text} ${start.toFixed(2)}–${end.toFixed(2)} s`.trim();
    made.addEventListener("click", (event) => { event.stopPropagation(); go(start); });
    return made;
  };
  const tick = (part, number) => {
    const made = element("button", undefined, "tick");
    made.type = "button";
    made.tabIndex = -1;
    made.style.left = across(part.time);
    made.title = part.text;
    made.addEventListener("click", (event) => { event.stopPropagation(); choose(number); });
    return made;
  };
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((size) => clip.duration / size <= 12) || 1800;
  const marks = Array.from({ length: Math.floor(clip.duration / step) + 1 }, (_, number) => {
    const made = element("span", `${number * step} s`);
    made.style.left = across(number * step);
    return made;
  });
  $("timeline").replaceChildren(
    ...lane("shots", clip.shots.map((shot, number) => span(shot.start, shot.end, `${number + 1} ${shot.kind}`, "shot"))),
    ...speakers(clip).flatMap((name, number) => lane(name || "speech", clip.speech
      .filter((said) => said.speaker === name)
      .map((said) => span(said.start, said.end, "", `said s${number % TONES}`)))),
    ...lane("anchors", clip.parts.filter((part) => part.kind === "anchor").map(tick)),
    ...lane("", marks, "scale"),
  );
  playing();
}
