"""Whether an uploaded file may be kept: pure checks, without Flask, database or network (security.md C50–C57).

What the rest of the product uses:

- `names.shown_name`, `names.extension_of`, `names.download_header`: what a file is called, whatever was sent.
- `quick.check(name, size, head, kind)`: empty, too big, wrong extension or signature; nothing is parsed.
- `isolation.inspect(path, name, kind)`: the whole inspection in a process of its own (C54), typically some
  milliseconds, and a finding after five seconds of processor time. It belongs in the upload: whatever is wrong is said
  in the response.
- `isolation.cleaned_image(path, file_type)`: an image's bytes without metadata, made in the same kind of process.
- `verdicts`: FileType, RefusalReason and the one exception, Refused.
- `texts.refusal(refused, kind)`: what the person is told, in the language of the page.

`inspection.inspect` does the work in this process and is for tests and for the isolated process itself. Importing this
package imports nothing more, so that the isolated process stays small.
"""
