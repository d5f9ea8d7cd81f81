/** The body's schema: exactly the nodes and marks of `crates/protocol/src/schema.rs`, and nothing that writes on load. */

import type { AnyExtension } from '@tiptap/core'
import { getSchema } from '@tiptap/core'
import type { Schema } from '@tiptap/pm/model'
import StarterKit from '@tiptap/starter-kit'
import type { Context } from './context.js'
import { HtmlBlock, UnknownBlock, UnknownInline } from './nodes/atoms.js'
import { Code } from './nodes/code-block.js'
import { Column, Columns } from './nodes/columns.js'
import { lessonEmbed } from './nodes/embed.js'
import { lessonFile } from './nodes/file.js'
import { Bullets, Callout, Item, Numbers, Quote, Task, Tasks } from './nodes/containers.js'
import { Details, DetailsContent, DetailsSummary } from './nodes/details.js'
import { Footnote } from './nodes/footnote.js'
import { TextDirections } from './nodes/direction.js'
import { lessonImage } from './nodes/image.js'
import { InstructorNote } from './nodes/instructor.js'
import { BlockMath, InlineMath } from './nodes/math.js'
import { lessonMedia } from './nodes/media.js'
import { InlineCode, LessonLink, Subscript, Superscript } from './nodes/marks.js'
import { Transfers } from './transfers.js'
import { Table, TableCell, TableHeader, TableRoles, TableRow } from './nodes/table.js'

/** Everything that makes the schema; the rest of the editor comes on top. */
export function schemaExtensions(context: Context): AnyExtension[] {
  return [
    StarterKit.configure({
      // The document has its own undo; trailingNode would append a paragraph to what is being loaded.
      undoRedo: false,
      trailingNode: false,
      link: false,
      code: false,
      codeBlock: false,
      blockquote: false,
      bulletList: false,
      orderedList: false,
      listItem: false,
      dropcursor: { color: 'var(--accent)', width: 2 },
    }),
    Quote, Bullets, Numbers, Item, Tasks, Task, Callout,
    InlineCode, LessonLink, Subscript, Superscript,
    Code, HtmlBlock,
    Details, DetailsSummary, DetailsContent, Columns, Column, InstructorNote,
    InlineMath, BlockMath, Footnote,
    TableRoles, Table, TableRow, TableHeader, TableCell,
    lessonImage(context),
    TextDirections,
    lessonMedia('video', context), lessonMedia('audio', context), lessonFile(context), lessonEmbed(context),
  ]
}

/** As `schemaExtensions`, with a place for what this version does not know. */
export function readerExtensions(context: Context): AnyExtension[] {
  return [...schemaExtensions(context), UnknownBlock, UnknownInline]
}

let known: Schema | null = null

/** The schema by itself, for looking at documents. It does not depend on the view. */
export function bodySchema(): Schema {
  known ??= getSchema(schemaExtensions({
    host: {} as never, course: '', lesson: '', onAsset: () => () => undefined, nameAsset: () => undefined, transfers: new Transfers(),
  }))
  return known
}
