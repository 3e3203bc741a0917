// Shows the lines of the page that have every word of the box. The lines are plain links without this script.
(function () {
  var box = document.getElementById("find");
  var said = document.getElementById("found");
  var lines = Array.prototype.slice.call(document.querySelectorAll("[data-find] li"));
  var texts = lines.map(function (line) { return plain(line.textContent + " " + (line.getAttribute("data-words") || "")); });
  var parts = Array.prototype.slice.call(document.querySelectorAll("[data-find]"));
  function plain(text) { return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); }
  function search() {
    var words = plain(box.value).split(/\s+/).filter(Boolean);
    var count = 0;
    lines.forEach(function (line, place) {
      line.hidden = !words.every(function (word) { return texts[place].indexOf(word) >= 0; });
      if (!line.hidden) { count += 1; }
    });
    parts.slice().reverse().forEach(function (part) {
      part.hidden = words.length > 0 && !part.querySelector("li:not([hidden])");
      if (part.tagName === "DETAILS") { part.open = words.length > 0 && !part.hidden; }
    });
    said.textContent = words.length ? count + (count === 1 ? " page" : " pages") : "";
  }
  document.getElementById("search").hidden = false;
  box.addEventListener("input", search);
  search();
}());
