/** All that the island says to people, in one place. */

const apple = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** A shortcut as the platform writes it. */
export function keys(shortcut: string): string {
  return apple
    ? shortcut.replace(/Mod\+/g, '⌘').replace(/Shift\+/g, '⇧').replace(/Alt\+/g, '⌥')
    : shortcut.replace(/Mod\+/g, 'Ctrl+')
}

export const placeholder = 'Write, or press / for blocks'
export const codeLanguage = 'Language of this code'
export const plainCode = 'Plain text'
export const calloutTitle = 'Title of this callout'
export const calloutKind = 'Kind of this callout'
export const imageAlt = 'Describe this image for those who cannot see it'
export const imageMissing = 'This image is not in the course'
export const imageWaiting = 'This image has not arrived yet'
export const imageRemote = 'This image could not be loaded from'
export const imageStoring = 'Storing'
export const htmlBlock = 'HTML, kept as it is and not run'
export const unknownBlock = 'Made with a newer Inkhorn. It is kept, and can be seen there.'
export const imageFailed = (name: string, why: string) => `The lesson is unchanged. ${name} could not be stored: ${why}`
export const notAnImage = (name: string) => `${name} is not an image that can be shown here. PNG, JPEG, GIF, WebP, AVIF and SVG can.`
export const linkField = 'Address, or the name of a lesson'
export const linkApply = 'Set link'
export const linkRemove = 'Remove link'
export const linkOpen = 'Open link'
export const linkEdit = 'Change link'
export const formatting = 'Formatting'
export const blocks = 'Blocks'
export const noBlock = 'No block of that name'
export const table = 'Table'
export const taskDone = (text: string) => text === '' ? 'Task' : `Task: ${text}`
export const detailsSummary = 'Summary'
export const detailsToggle = 'Show or hide the details'
export const instructorNote = 'Instructor note'
export const instructorHint = 'Learners do not see this.'
export const formula = 'Formula'
export const formulaHint = 'LaTeX, for example \\frac{a}{b} or x^2'
export const formulaTooLong = 'This formula is too long or too deeply nested to be drawn. It is kept as it is.'
export const formulaWrong = (why: string) => why === '' ? 'This formula cannot be drawn yet.' : `This formula cannot be drawn yet: ${why}`
export const footnote = 'Footnote'
export const footnotes = 'Footnotes'
export const footnoteHint = 'It gets its number by its place in the lesson.'
export const footnoteEmpty = 'Nothing written yet'
export const footnoteLabel = (number: number, text: string) => `Footnote ${number}: ${text === '' ? footnoteEmpty : text}`
export const footnoteBack = (number: number) => `Go to the place of footnote ${number}`
export const fieldDone = 'Done'
export const fieldRemove = 'Remove'
export const columns = 'Columns'
export const columnAdd = 'Add a column'
export const columnRemove = 'Remove this column'
export const columnsRemove = 'One below the other'
export const rebuilt = 'This lesson was put together anew while an edit was on its way.'
export const find = 'Find in this lesson'
export const findNext = 'Next'
export const findPrevious = 'Previous'
export const findClose = 'Close'
export const matchCase = 'Match case'
export const wholeWord = 'Whole words'
export const regexp = 'Regular expression'
export const replace = 'Replace'
export const replaceWith = 'Replace with'
export const replaceOne = 'Replace'
export const replaceAll = 'Replace all'
export const nothingFound = 'Not found'
export const foundOf = (at: number, total: number) => `${at} of ${total}`
export const replaced = (count: number) => `${count} replaced.`
export const notReplaced = (count: number) => `${count} left: a formula or the like is in the way.`
export const badExpression = (why: string) => `This expression cannot be read: ${why}. Put \\ before a sign that stands for itself, or switch regular expressions off.`
export const blockHandle = 'Drag to move, click for more'
export const blockMenu = 'Block'
export const turnInto = 'Turn into'
export const duplicate = 'Duplicate'
export const moveUp = 'Move up'
export const moveDown = 'Move down'
export const copyLink = 'Copy link to this heading'
export const linkCopied = 'The link is on the clipboard.'
export const linkNotCopied = (href: string) => `The clipboard cannot be reached. The link is ${href}`
export const directionTitle = 'Direction of the text'
export const directionAuto = 'As its first letter'
export const directionLtr = 'Left to right'
export const directionRtl = 'Right to left'
export const removeBlock = 'Delete'
export const isFirst = 'It is the first one here.'
export const isLast = 'It is the last one here.'
export const movedTo = (at: number, total: number) => `Moved. ${at} of ${total}.`
export const moveGone = 'Somebody else removed this block.'
export const imagesNotPasted = (count: number) => `${count === 1 ? 'One image was' : `${count} images were`} left out: only the program that they come from can read them. Copy each by itself, or drop its file here.`
export const clearFormatting = 'Clear formatting'
export const selected = (count: number, minutes: number) => `${count} ${count === 1 ? 'word' : 'words'}${minutes > 1 ? `, ${minutes} min` : ''}`
