"""Opens pages in a headless Chromium and prints what it sees, as JSON: one object for each page, width and colour scheme.

look.py CHROMIUM PAGE…
"""

import json
import pathlib
import sys

from playwright.sync_api import sync_playwright

LOOK = """() => ({
  width: document.documentElement.scrollWidth,
  tables: [...document.querySelectorAll('[data-table]')].map(row => ({...row.dataset})),
  figures: Object.fromEntries([...document.querySelectorAll('[data-figure]')].map(dd => [dd.dataset.figure, dd.dataset.value])),
  format: document.body.dataset.format,
  background: getComputedStyle(document.body).backgroundColor,
  headings: [...document.querySelectorAll('h1')].map(h => h.textContent),
  unnamed: [...document.querySelectorAll('svg[role=img]')].filter(svg => !svg.querySelector('title')).length,
  dead: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.getElementById(a.getAttribute('href').slice(1))).map(a => a.href),
})"""


def look(browser, page_path, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append("dialog " + dialog.message), dialog.dismiss()))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    page.goto(pathlib.Path(page_path).absolute().as_uri())
    seen = page.evaluate(LOOK)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    seen["folded"] = page.evaluate("document.querySelectorAll('details:not([open])').length")
    context.close()
    return {"page": page_path, "asked": width, "scheme": scheme, "said": said, **seen}


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    for page_path in sys.argv[2:]:
        for width, scheme in [(375, "light"), (375, "dark"), (1280, "light")]:
            print(json.dumps(look(browser, page_path, width, scheme)))
    browser.close()
