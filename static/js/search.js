// The hits of the register change in place while filters are chosen, and by the links among them. The addresses are
// the page's own: without scripts, or when anything goes wrong, they are opened the ordinary way.

const SETTLED = 250; // milliseconds after the last change
const TYPED = 1000; // a date is typed part by part

const form = document.querySelector(".sok__filter");
const hits = document.getElementById("treff");
const status = document.querySelector("[data-hits-status]");

const place = () => location.pathname + location.search;
const offered = (root) => [...root.querySelectorAll("#spesialiteter input")].map((input) => input.value).join();
let shown = place();
let asking, timer;

const asked = () => {
  const chosen = [...new FormData(form)].filter(([, value]) => value);
  return `${location.pathname}?${new URLSearchParams(chosen)}`;
};

// Everything in the form is the page's, when the address was not made from the form.
const fillIn = (fresh) => {
  const open = [...form.querySelectorAll("details")].map((details) => details.open);
  form.replaceChildren(...fresh.childNodes);
  form.querySelectorAll("details").forEach((details, number) => { details.open ||= open[number]; });
};

const show = (page, isFromForm) => {
  const focused = document.activeElement;
  const fresh = page.querySelector(".sok__filter");
  if (!isFromForm) fillIn(fresh);
  else {
    form.querySelector("summary").textContent = fresh.querySelector("summary").textContent;
    if (offered(form) !== offered(fresh)) form.querySelector("#spesialiteter").replaceWith(fresh.querySelector("#spesialiteter"));
  }
  hits.replaceChildren(...page.getElementById("treff").childNodes);
  document.querySelector(".topp__sprak").replaceWith(page.querySelector(".topp__sprak")); // this search in other languages
  document.title = page.title;
  const heading = hits.querySelector("h2");
  const control = focused.isConnected ? focused : document.getElementById(focused.id || "-");
  (control ?? heading).focus();
  status.textContent = control ? heading.textContent : ""; // said once: the focus says it too
};

// push: whether the address is new in the history. isFromForm: what is chosen stands in the form already.
const go = async (address, { push = true, isFromForm = false, isPressed = false } = {}) => {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  hits.setAttribute("aria-busy", "true");
  let page;
  try {
    const answer = await fetch(address, { redirect: "manual", signal: asking.signal });
    if (answer.status === 422 && isFromForm && !isPressed) return hits.removeAttribute("aria-busy"); // half typed
    if (answer.ok) page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (problem) {
    if (problem.name === "AbortError") return;
  }
  if (!page?.querySelector("#treff h2")) return push ? location.assign(address) : location.reload();
  if (push && address !== place()) history.pushState(null, "", address);
  shown = place();
  show(page, isFromForm);
  hits.removeAttribute("aria-busy");
  if (isPressed && hits.getBoundingClientRect().top > innerHeight) hits.scrollIntoView();
  document.dispatchEvent(new Event("helsereserven:active"));
};

// A page with something to put right is sent the ordinary way, and comes back without its messages.
if (!document.getElementById("feil")) {
  form.addEventListener("change", (event) => {
    asking?.abort();
    clearTimeout(timer);
    timer = setTimeout(() => go(asked(), { isFromForm: true }), event.target.type === "date" ? TYPED : SETTLED);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(asked(), { isFromForm: true, isPressed: true });
  });
  hits.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const address = link && new URL(link.getAttribute("href"), location);
    const isSpecial = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!address || address.pathname !== location.pathname || isSpecial) return;
    event.preventDefault();
    go(address.pathname + address.search);
  });
  addEventListener("popstate", () => {
    if (place() !== shown) go(place(), { push: false });
  });
}
