// The review page: which clip, what is said of it, and the keys. clip.js draws the clip.
"use strict";

const video = $("video");
const state = {
  clips: [], at: 0, clip: null, said: "", attribute: "", findings: [], marks: new Map(), anchor: -1, saving: false,
};

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
  Object.assign(state, { clip, said: "", attribute: "", findings: [], marks: new Map(), anchor: -1 });
  video.src = `/media/${encodeURIComponent(clip.id)}#t=${clip.offset},${clip.offset + clip.duration}`;
  $("source").replaceChildren(element("bdi", clip.source), element("span", clip.licence && ` · ${clip.licence}`));
  $("correction").value = clip.caption;
  editing(false);
  $("caption").replaceChildren(...clip.parts.map(piece));
  const names = speakers(clip);
  $("speech").replaceChildren(...(clip.speech.length ? clip.speech.map((said) => {
    const line = element("li", undefined, `s${names.indexOf(said.speaker) % TONES}`);
    line.append(element("time", said.start.toFixed(1)), element("bdi", said.speaker || "?"), words(said));
    line.addEventListener("click", () => go(said.start));
    return line;
  }) : [element("li", "no speech was heard", "empty")]));
  $("audit").hidden = !clip.findings;
  $("findings").replaceChildren(...(clip.findings?.length ? clip.findings : ["nothing"]).map((text) => element("li", text)));
  $("ruled").hidden = !clip.problems.length;
  $("problems").replaceChildren(...clip.problems.map((one) => {
    const line = element("li", `${one.kind.replaceAll("_", " ")} (${one.state}): ${[one.snippet, one.why].filter(Boolean).join(": ")}`);
    line.addEventListener("click", () => select(one.snippet));
    return line;
  }));
  $("diff").replaceChildren(...clip.draft.flatMap((part) => [element("span", part.text, part.kind), " "]));
  $("candidates").replaceChildren(...clip.candidates.map((candidate) => {
    const box = element("div");
    box.append(element("h3", candidate.who), element("small", candidate.model), element("p", candidate.text));
    return box;
  }));
  $("captions").replaceChildren(...clip.attributes.flatMap((one) => [element("dt", one.name), element("dd", one.text || "—")]));
  timeline(clip);
  choosing("");
  listing();
  verdicts();
}

const seconds = () => video.currentTime - (state.clip ? state.clip.offset : 0);

function go(time) {
  video.currentTime = state.clip.offset + Math.min(Math.max(time, 0), state.clip.duration);
}

const anchors = () => [...$("caption").querySelectorAll(".anchor")];

function choose(number) {
  const all = anchors();
  if (!all.length) return;
  state.anchor = Math.min(Math.max(number, 0), all.length - 1);
  all.forEach((button, place) => button.classList.toggle("chosen", place === state.anchor));
  [...$("timeline").querySelectorAll(".tick")].forEach((tick, place) => tick.classList.toggle("chosen", place === state.anchor));
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

function told(verdict) {
  return [verdict, ...(verdict.more || [])]
    .map((one) => [one.said, one.attribute, one.note].filter(Boolean).join(", ")).join("; ");
}

function verdicts() {
  const entry = state.clips[state.at];
  const judged = state.clips.filter(mine).length;
  $("place").textContent = `clip ${state.at + 1} of ${state.clips.length}`;
  $("mine").textContent = `${judged} judged`;
  strip();
  const given = mine(entry);
  say(given ? `you said: ${told(given)}` : "not judged yet");
  const others = $("adjudicating").checked ? entry.verdicts.filter((verdict) => verdict !== given) : [];
  $("others").hidden = !others.length;
  $("others").textContent = others
    .map((verdict) => `${verdict.reviewer}: ${told(verdict)}`)
    .join(" · ");
}

// A segment for each clip, in the colour of what the reviewer said of it.
function strip() {
  if ($("strip").children.length !== state.clips.length) {
    $("strip").replaceChildren(...state.clips.map((entry, number) => {
      const made = element("i");
      made.title = `clip ${number + 1}`;
      made.addEventListener("click", () => show(number));
      return made;
    }));
  }
  [...$("strip").children].forEach((made, number) => {
    made.className = [mine(state.clips[number])?.said, number === state.at && "here"].filter(Boolean).join(" ");
  });
}

function choosing(said) {
  state.said = said;
  state.attribute = "";
  $("choice").hidden = !said;
  $("note").value = "";
  for (const button of $("buttons").querySelectorAll("button")) button.classList.toggle("chosen", button.dataset.said === said);
  if (!said) return;
  const names = ["", ...state.clip.names];
  $("attributes").replaceChildren(...names.map((name, number) => {
    const button = element("button", `${number} ${name || "none"}`);
    button.type = "button";
    button.addEventListener("click", () => attribute(number));
    return button;
  }));
}

// The finding at hand stands beside those before it, and another one begins.
function another() {
  state.findings.push({ said: state.said, attribute: state.attribute, note: $("note").value });
  choosing(state.said);
  listing();
  document.activeElement.blur();
}

function listing() {
  $("listed").replaceChildren(...state.findings.map((one, number) => {
    const made = element("li", [one.said, one.attribute, one.note].filter(Boolean).join(", "));
    const gone = element("button", "×");
    gone.type = "button";
    gone.title = "not this one";
    gone.addEventListener("click", () => { state.findings.splice(number, 1); listing(); });
    made.append(" ", gone);
    return made;
  }));
  $("listed").hidden = !state.findings.length;
}

function attribute(number) {
  const buttons = [...$("attributes").children];
  if (!buttons[number]) return;
  state.attribute = number ? state.clip.names[number - 1] : "";
  buttons.forEach((button, place) => button.classList.toggle("chosen", place === number));
  $("note").focus();
}

async function keep(said) {
  if (state.saving) return;
  state.saving = true;
  const entry = state.clips[state.at];
  const written = $("correction").value;
  // An error is graver than something missing, and stands first.
  const all = [{ said, attribute: state.attribute, note: $("note").value }, ...(said === "reliable" ? [] : state.findings)];
  const first = all.find((one) => one.said === "error") || all[0];
  try {
    const verdict = await ask("/api/verdicts", {
      clip: entry.id,
      reviewer: reviewer(),
      ...first,
      more: all.filter((one) => one !== first),
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
  if (said === "reliable") { choosing(""); state.findings = []; listing(); keep(said); } else choosing(said);
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
  const agreed = Object.entries(found.agreement).map(([names, [count, share, kappa]]) =>
    `${names} agree on ${percent(share)} of ${count} clips${kappa === null ? "" : `, kappa ${kappa.toFixed(2)}`}`);
  const off = found.marked ? [`${found.marked} anchors marked: median deviation ${found.median_deviation.toFixed(2)} s, ` +
    `${percent(found.near)} within 2 s`] : [];
  $("result").textContent = [
    `${found.reliable} of ${found.judged} clips are reliable: ${percent(found.share)}, between ${percent(found.low)} and ` +
      `${percent(found.high)} (Wilson, 95 %)`,
    ...(found.videos < found.judged || found.disputed.length ? [`clips of ${found.videos} videos; the interval allows for ` +
      "clips of one video, and for disputed ones"] : []),
    ...Object.entries(found.findings).map(([name, count]) => `${name}: ${count}`),
    `${found.disputed.length} disputed`, ...agreed,
    ...(found.alpha === null ? [] : [`${found.reviewers.length} reviewers together: Krippendorff's alpha ${found.alpha.toFixed(2)}`]),
    ...(found.unmeasured ? [found.unmeasured] : []), ...off].join("\n");
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
    if (event.key === "Enter" && event.target.id === "note") {
      event.preventDefault();
      if (event.shiftKey) another(); else keep(state.said);
    }
  } else if (state.said && /^[0-8]$/.test(event.key)) {
    event.preventDefault();
    attribute(Number(event.key));
  } else if (KEYS[event.key] && state.clip) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

function playing() {
  if (!state.clip) return;
  for (const line of $("timeline").querySelectorAll(".now")) {
    line.style.left = `${(100 * Math.min(Math.max(seconds(), 0), state.clip.duration)) / state.clip.duration}%`;
  }
  state.clip.speech.forEach((said, number) => {
    $("speech").children[number].classList.toggle("now", said.start <= seconds() && seconds() < said.end);
  });
  if (seconds() > state.clip.duration) video.pause();
}

video.addEventListener("timeupdate", playing);
video.addEventListener("seeked", playing);
$("timeline").addEventListener("click", (event) => {
  const lane = event.target.closest(".lane");
  if (!lane) return;
  const box = lane.getBoundingClientRect();
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
  if (!state.clips.length) return say("the run has kept no clip");
  $("title").textContent = found.title || "review";
  const wanted = state.clips.findIndex((entry) => entry.id === location.hash.slice(1));
  await show(wanted >= 0 ? wanted : Math.max(0, state.clips.findIndex((entry) => !mine(entry))));
})().catch((error) => say(error.message, true));
