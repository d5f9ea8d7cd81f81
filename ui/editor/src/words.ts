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
export const htmlBlock = 'HTML, kept as it is and not run'
export const unknownBlock = 'Made with a newer Inkhorn. It is kept, and can be seen there.'
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

// ---- images, video, audio, files, pages ----

export const caption = 'Caption'
export const imageBroken = 'This image is here, but what the file holds cannot be shown. It may be damaged; insert it again.'
export const mediaName = (kind: 'video' | 'audio') => (kind === 'video' ? 'Video' : 'Audio')
const thing = { video: 'video', audio: 'recording', file: 'file' }
export const mediaMissing = (kind: keyof typeof thing) => `This ${thing[kind]} is not in the course`
export const mediaWaiting = (kind: keyof typeof thing) => `This ${thing[kind]} has not arrived yet`
export const mediaRemote = (kind: keyof typeof thing, host: string) => `This ${thing[kind]} is on ${host} and not in the course, so it is not loaded here.`
export const fileRemote = (host: string) => `on ${host}, not in the course`
export const unplayable = (kind: 'video' | 'audio') => `This computer cannot play this ${thing[kind]} here. Save a copy and open it with another program.`
export const file = 'File'
export const program = 'may run when it is opened; Inkhorn only saves it'
export const saveCopy = 'Save a copy…'
export const saveCopyOf = (name: string) => `Save a copy of ${name}`
export const saved = (name: string, path: string) => `${name} was saved as ${path}.`
export const openInBrowser = 'Open in the browser'
export const fileFailed = (name: string, why: string) => `The lesson is unchanged. ${name} could not be stored: ${why}`
export const fileTooLarge = (name: string, size: string, limit: string) =>
  `The lesson is unchanged. ${name} has ${size}; images and other files may have up to ${limit}. Make it smaller, or embed it from a page on the web.`
export const fileEmpty = (name: string) => `The lesson is unchanged. ${name} is empty or a folder; drop the files that are in it.`
export const fileNotShown = (name: string) => `${name} was added as a file: what it holds cannot be shown or played here.`

const offline = 'It is sent when the network is back.'
export function transfer(
  { up, state, done, bytes }: { up: boolean; state: 'offline' | 'waits' | 'moves'; done: number; bytes: number }, size: (bytes: number) => string,
): string {
  if (up) return state === 'offline' ? `On this computer. ${offline}` : state === 'waits' ? 'On this computer. It waits to be sent.' : `Being sent: ${size(done)} of ${size(bytes)}`
  return state === 'offline' ? 'Not arrived yet. It comes when the network is back.' : state === 'waits' ? 'Not arrived yet. It waits for its author’s computer or its turn.' : `Arriving: ${size(done)} of ${size(bytes)}`
}

export const embedAddress = 'Address of the page, https://…'
export const embedTitle = 'Title (optional)'
export const embedSet = 'Embed'
export const embedShow = 'Show page'
export const embedHide = 'Hide page'
export const embedChange = 'Change'
export const embedClosed = (host: string) => `Nothing is loaded from ${host} until you show the page.`
export const embedOpen = (host: string) => `Loaded from ${host}. If nothing shows, it does not allow this: open it in the browser.`
export const embedOffline = 'This computer is offline. The link is kept; show the page when the network is back.'
export const embedRefused = 'This page is not allowed in a lesson and was not loaded.'
export const embedEmpty = 'No address yet'
export const embedNoAddress = 'This is not a web address. It begins with https:// and names a site.'
export const embedScheme = (scheme: string) => `Only pages on the web can be embedded (https://), not ${scheme}`
export const embedFile = 'This is a file of one computer, which others do not have. Add it with File instead.'
export const embedPrivate = 'This address is in one computer or its own network, so others would not see it.'
export const embedPlain = 'This page is not encrypted. Its address has to begin with https://'
export const embedPassword = 'An address with a name and a password in it would show them to every reader.'
export const linkRefused = 'This link was not opened: its address is not one of a page, a lesson or a mail address.'
export const linkNotSet = 'The link was not set: its address is not one of a page, a lesson or a mail address.'
