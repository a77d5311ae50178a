// The review page. All text of a clip is set with textContent: captions are never markup.
"use strict";

const $ = (id) => document.getElementById(id);
const video = $("video");
const state = { clips: [], at: 0, clip: null, said: "", attribute: "", marks: new Map(), anchor: -1, saving: false };

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(path, body) {
  const how = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, how);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.json();
}

// --- the clip ---------------------------------------------------------------------------------------------------

async function show(index) {
  if (!state.clips.length) return;
  state.at = Math.min(Math.max(index, 0), state.clips.length - 1);
  const wanted = state.clips[state.at].id;
  location.hash = wanted;
  const clip = await ask(`/api/clip/${encodeURIComponent(wanted)}`);
  if (state.clips[state.at].id !== wanted) return; // the reviewer has gone on meanwhile
  Object.assign(state, { clip, said: "", attribute: "", marks: new Map(), anchor: -1 });
  video.src = `/media/${encodeURIComponent(clip.id)}#t=${clip.offset},${clip.offset + clip.duration}`;
  $("source").textContent = [clip.source, clip.licence].filter(Boolean).join(" · ");
  $("correction").value = clip.caption;
  editing(false);
  $("caption").replaceChildren(...clip.parts.map(piece));
  $("speech").replaceChildren(...clip.speech.map((said) => {
    const line = element("li", `${said.start.toFixed(1)} ${said.speaker || "?"}: ${said.text}`);
    line.addEventListener("click", () => go(said.start));
    return line;
  }));
  $("findings").replaceChildren(...(clip.findings.length ? clip.findings : ["nothing"]).map((text) => element("li", text)));
  $("diff").replaceChildren(...clip.draft.flatMap((part) => [element("span", part.text, part.kind), " "]));
  $("candidates").replaceChildren(...clip.candidates.map((candidate) => {
    const box = element("div");
    box.append(element("dt", candidate.who), element("p", candidate.text));
    return box;
  }));
  $("captions").replaceChildren(...clip.attributes.flatMap((one) => [element("dt", one.name), element("dd", one.text || "—")]));
  timeline(clip);
  choosing("");
  verdicts();
}

function piece(part) {
  if (part.kind === "text") return document.createTextNode(part.text);
  const button = element("button", part.text, part.kind);
  button.type = "button";
  button.title = part.kind === "quote" ? `${part.speaker || "?"} at ${part.time.toFixed(1)} s` : `go to ${part.time} s`;
  button.dataset.time = part.time;
  button.addEventListener("click", () => {
    if (part.kind === "anchor") choose(anchors().indexOf(button));
    else go(part.time);
    button.blur();
  });
  return button;
}

function timeline(clip) {
  const across = (time) => `${(100 * Math.min(Math.max(time, 0), clip.duration)) / clip.duration}%`;
  const span = (start, end, text, kind) => {
    const made = element("button", text, kind);
    made.type = "button";
    made.tabIndex = -1;
    made.style.left = across(start);
    made.style.width = `calc(${across(end)} - ${across(start)})`;
    made.title = `${text} ${start.toFixed(2)}–${end.toFixed(2)} s`;
    return made;
  };
  const now = element("div", undefined, "now");
  now.id = "now";
  $("timeline").replaceChildren(
    ...clip.shots.map((shot, number) => span(shot.start, shot.end, `shot ${number + 1} (${shot.kind})`, "shot")),
    ...clip.speech.map((said) => span(said.start, said.end, said.speaker || "?", "said")),
    ...clip.parts.filter((part) => part.kind === "anchor").map((part) => {
      const tick = element("div", undefined, "anchor");
      tick.style.left = across(part.time);
      return tick;
    }),
    now,
  );
}

const seconds = () => video.currentTime - (state.clip ? state.clip.offset : 0);

function go(time) {
  video.currentTime = state.clip.offset + Math.min(Math.max(time, 0), state.clip.duration);
}

const anchors = () => [...$("caption").querySelectorAll("button.anchor")];

function choose(number) {
  const all = anchors();
  if (!all.length) return;
  state.anchor = Math.min(Math.max(number, 0), all.length - 1);
  all.forEach((button, place) => button.classList.toggle("chosen", place === state.anchor));
  all[state.anchor].scrollIntoView({ block: "nearest" });
  go(Number(all[state.anchor].dataset.time));
}

function mark() {
  const button = anchors()[state.anchor];
  if (!button) return say("choose an anchor first: ] and [");
  const anchor = Number(button.dataset.time);
  state.marks.set(anchor, { anchor, true: Math.round(seconds() * 100) / 100 });
  button.classList.add("marked");
  say(`${anchor} s is truly at ${seconds().toFixed(2)} s`);
}

function editing(on) {
  $("correction").hidden = !on;
  $("caption").hidden = on;
  if (on) $("correction").focus();
}

// --- verdicts ---------------------------------------------------------------------------------------------------

const reviewer = () => $("reviewer").value.trim() || "me";

function mine(entry) {
  return entry.verdicts.find((verdict) => verdict.reviewer === reviewer());
}

function say(text, failed) {
  $("state").textContent = text;
  $("state").className = failed ? "failed" : "";
}

function verdicts() {
  const entry = state.clips[state.at];
  const judged = state.clips.filter(mine).length;
  $("place").textContent = `clip ${state.at + 1} of ${state.clips.length}`;
  $("mine").textContent = `${judged} judged`;
  const given = mine(entry);
  say(given ? `you said: ${[given.said, given.attribute, given.note].filter(Boolean).join(", ")}` : "not judged yet");
  const others = $("adjudicating").checked ? entry.verdicts.filter((verdict) => verdict !== given) : [];
  $("others").textContent = others
    .map((verdict) => `${verdict.reviewer}: ${[verdict.said, verdict.attribute, verdict.note].filter(Boolean).join(", ")}`)
    .join(" · ");
}

function choosing(said) {
  state.said = said;
  state.attribute = "";
  $("choice").hidden = !said;
  $("note").value = "";
  for (const button of $("buttons").querySelectorAll("button")) button.classList.toggle("chosen", button.dataset.said === said);
  if (!said) return;
  const names = ["", ...state.clip.attributes.map((one) => one.name)];
  $("attributes").replaceChildren(...names.map((name, number) => {
    const button = element("button", `${number} ${name || "none"}`);
    button.type = "button";
    button.addEventListener("click", () => attribute(number));
    return button;
  }));
}

function attribute(number) {
  const buttons = [...$("attributes").children];
  if (!buttons[number]) return;
  state.attribute = number ? state.clip.attributes[number - 1].name : "";
  buttons.forEach((button, place) => button.classList.toggle("chosen", place === number));
  $("note").focus();
}

async function keep(said) {
  if (state.saving) return;
  state.saving = true;
  const entry = state.clips[state.at];
  const written = $("correction").value;
  try {
    const verdict = await ask("/api/verdicts", {
      clip: entry.id,
      reviewer: reviewer(),
      said,
      attribute: state.attribute,
      note: $("note").value,
      marks: [...state.marks.values()],
      correction: written === state.clip.caption ? "" : written,
      adjudicates: $("adjudicating").checked,
    });
    entry.verdicts = [...entry.verdicts.filter((one) => one.reviewer !== verdict.reviewer), verdict];
    document.activeElement.blur();
    if (state.at + 1 < state.clips.length) await show(state.at + 1);
    else { choosing(""); verdicts(); }
  } catch (error) {
    say(`not kept: ${error.message}`, true);
  } finally {
    state.saving = false;
  }
}

function begin(said) {
  if (said === "reliable") { choosing(""); keep(said); } else choosing(said);
}

function disputed(entry) {
  return !entry.verdicts.some((verdict) => verdict.adjudicates) && new Set(entry.verdicts.map((one) => one.said)).size > 1;
}

function next(wanted) {
  const order = state.clips.map((_, number) => (state.at + 1 + number) % state.clips.length);
  const found = order.find((number) => wanted(state.clips[number]));
  if (found === undefined) say("there is none");
  else show(found);
}

async function help() {
  const found = await ask("/api/result");
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  $("result").textContent = `All reviewers: ${found.reliable} of ${found.judged} reliable, ${percent(found.share)} ` +
    `(${percent(found.low)} to ${percent(found.high)}); ${found.disputed.length} disputed.`;
  $("help").showModal();
}

// --- keys -------------------------------------------------------------------------------------------------------

const KEYS = {
  " ": () => (video.paused ? video.play() : video.pause()),
  j: () => show(state.at + 1),
  k: () => show(state.at - 1),
  u: () => next((entry) => !mine(entry)),
  r: () => begin("reliable"),
  e: () => begin("error"),
  m: () => begin("missing"),
  "]": () => choose(state.anchor + 1),
  "[": () => choose(state.anchor - 1),
  t: mark,
  c: () => editing(true),
  ",": () => go(seconds() - 0.5),
  ".": () => go(seconds() + 0.5),
  d: () => { $("adjudicating").checked = true; next(disputed); },
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const typing = event.target.matches("input:not([type=checkbox]), textarea");
  if (event.key === "Escape") {
    event.target.blur();
    editing(false);
    choosing("");
    verdicts();
  } else if (typing) {
    if (event.key === "Enter" && event.target.id === "note") { event.preventDefault(); keep(state.said); }
  } else if (state.said && /^[0-8]$/.test(event.key)) {
    event.preventDefault();
    attribute(Number(event.key));
  } else if (KEYS[event.key] && state.clip) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

video.addEventListener("timeupdate", () => {
  if (!state.clip || !$("now")) return;
  $("now").style.left = `${(100 * Math.min(Math.max(seconds(), 0), state.clip.duration)) / state.clip.duration}%`;
  [...$("speech").children].forEach((line, number) => {
    const said = state.clip.speech[number];
    line.classList.toggle("now", said && said.start <= seconds() && seconds() < said.end);
  });
  if (seconds() > state.clip.duration) video.pause();
});
$("timeline").addEventListener("click", (event) => {
  const box = $("timeline").getBoundingClientRect();
  go(((event.clientX - box.left) / box.width) * state.clip.duration);
});
for (const button of $("buttons").querySelectorAll("button")) button.addEventListener("click", () => begin(button.dataset.said));
$("help-button").addEventListener("click", help);
$("adjudicating").addEventListener("change", verdicts);
$("reviewer").addEventListener("change", () => { localStorage.setItem("reviewer", reviewer()); verdicts(); });

(async () => {
  $("reviewer").value = localStorage.getItem("reviewer") || "me";
  const found = await ask("/api/clips");
  state.clips = found.clips;
  $("title").textContent = found.title || "review";
  const wanted = state.clips.findIndex((entry) => entry.id === location.hash.slice(1));
  await show(wanted >= 0 ? wanted : Math.max(0, state.clips.findIndex((entry) => !mine(entry))));
})().catch((error) => say(error.message, true));
