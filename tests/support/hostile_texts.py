"""A hundred texts that act where they are not shown as text: markup, scripts, orders to a terminal, long and odd ones.

A script among them that runs sets `window.broken`.
"""

_RUN = "window.broken=1"
_MARKUP = (
    f"<script>{_RUN}</script>", f"</script><script>{_RUN}</script>", f"<!--<script>{_RUN}</script>", "<!--", "-->",
    f"<img src=x onerror={_RUN}>", f"<svg onload={_RUN}>", f"<svg><script>{_RUN}</script></svg>", "<![CDATA[x]]>",
    f"<body onload={_RUN}>", f"<iframe srcdoc='<script>parent.{_RUN}</script>'>", f"<a href=javascript:{_RUN}>x</a>",
    f"\"><script>{_RUN}</script>", f"'><script>{_RUN}</script>", f"`><script>{_RUN}</script>", "</title></head>",
    f"</textarea><script>{_RUN}</script>", f"</style><script>{_RUN}</script>", "<style>*{display:none}</style>",
    f"<details open ontoggle={_RUN}>", f"<input autofocus onfocus={_RUN}>", f"<video><source onerror={_RUN}>",
    f"<object data=\"javascript:{_RUN}\">", "<base href=http://127.0.0.2:9/>", "<link rel=stylesheet href=//127.0.0.2>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.2:9'>", f"<math><mi xlink:href='javascript:{_RUN}'>",
    "<form action=http://127.0.0.2:9><button>", f"<script type=module>{_RUN}</script>", "<plaintext>",
    "<xmp>", "<table>",
    "&lt;b&gt;", "&#60;script&#62;", "&amp;&amp;", "&nbsp;", "&#x202e;", "&unknown;", "%3Cscript%3E", "<", ">", "<<>>",
    "</script", "<script", "<\\/script>", "\\u003cscript\\u003e", "</p></div></body></html>", "<h1>large</h1>",
)  # fmt: skip
_PROGRAM = (
    "'; alert(1); //", '"; alert(1); //', "`${alert(1)}`", "${alert(1)}", "{{7*7}}", "{% raw %}", "{#", "__proto__",
    "constructor", "toString", "null", "undefined", "NaN", "-0", "1e999", "[object Object]", "\\", "\\\\",
    "\\n", "\\x00",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-trace:kept", "corpus:x", 'a "quoted" word', "a:b<c>=d",
    "/etc/passwd", "../../x",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "![x](javascript:alert(1))", "# heading",
)  # fmt: skip
_SIGNS = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x9b31m", "a\rb", "a\x08\x08b", "tab\tand\nline",
    "\u202eright to left\u202c", "\u2066isolated\u2069", "\u200fmark", "\u061cmark", "\u200b\u200b", "\ufeffmark",
    "\u2028line\u2029", "a\u0300" * 60, "\U0001f469\u200d\U0001f680", "\u05d0\u05d1\u05d2 \u0627\u0628", "\ufffe",
    "word" * 25_000,
)  # fmt: skip
TEXTS = (*_MARKUP, *_PROGRAM, *_SIGNS)
assert len(TEXTS) == 100, len(TEXTS)
