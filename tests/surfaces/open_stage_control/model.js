// A model of what Open Stage Control lends to a widget's script, as its reference has it, and nothing else. It is given a
// session's path; lines on standard input, each JSON: {set: [id, value]}, {press: id}, {hear: [address, args…]}, {read: id}.
// What goes out is written as JSON: {send: [address, {type, value}…]}, or {says: value}.
const fs = require('fs')
const root = JSON.parse(fs.readFileSync(process.argv[2])).content
const widgets = new Map(), values = new Map()
const walk = (widget) => {
  if (widgets.has(widget.id)) throw `two widgets are called ${widget.id}`
  widgets.set(widget.id, widget)
  if (widget.default !== undefined) values.set(widget.id, widget.default)
  for (const each of [...(widget.widgets || []), ...(widget.tabs || [])]) walk(each)
}
walk(root)
const found = (id) => { if (!widgets.has(id)) throw `there is no widget ${id}`; return widgets.get(id) }
const typed = (value, tag) => {
  if (value !== null && typeof value === 'object') return value
  return { type: tag || (typeof value === 'number' ? 'f' : 's'), value }
}
const send = (address, args, tags) => console.log(JSON.stringify({ send: [address, ...args.map((each, i) => typed(each, (tags || '')[i]))] }))

const run = (widget, value, touched) => {
  const id = (name) => (name === 'this' ? widget.id : name)
  new Function('get', 'set', 'getProp', 'send', 'value', widget.onValue)(
    (name) => { found(id(name)); return values.get(id(name)) },
    (name, given) => { found(id(name)); values.set(id(name), given) },
    (name, key) => found(id(name))[key],
    (address, ...args) => { if (touched) send(address, args) },
    value)
}
const press = (widget, value) => {
  const args = widget.mode === 'momentary' ? [] : [value]
  if (!widget.bypass) send(widget.address, args, widget.typeTags)
  if (widget.onValue) run(widget, value, true)
}
for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const said = JSON.parse(line)
  if (said.set) { found(said.set[0]); values.set(...said.set) }
  if (said.press) press(found(said.press), found(said.press).on ?? 1)
  if (said.move) press(found(said.move[0]), said.move[1])
  if (said.read) console.log(JSON.stringify({ says: values.get(found(said.read).id) ?? '' }))
  if (said.hear) {
    const [address, ...args] = said.hear
    for (const each of widgets.values()) {
      if (each.type === 'variable' && each.address === address) run(each, args.length > 1 ? args : args[0], false)
    }
  }
}
