// The PDFs of pdf-lib, PDFKit and jsPDF: node make.mjs FOLDER. See make.py.
import { writeFileSync } from 'node:fs'
import { jsPDF } from 'jspdf'
import { PDFDocument, PDFName } from 'pdf-lib'
import PDFKit from 'pdfkit'

const folder = process.argv[2]
const name = '张三'
const address = '青岛市市南区香港中路11号 Qingdao'

const made = await PDFDocument.create()
const page = made.addPage([420, 300])
page.drawText('Application', { x: 20, y: 270, size: 14 })
const form = made.getForm()
for (const [key, value, y] of [['name', name, 220], ['address', address, 180]]) {
  const field = form.createTextField(key)
  field.addToPage(page, { x: 20, y, width: 380, height: 24 })
  field.acroField.dict.set(PDFName.of('V'), (await import('pdf-lib')).PDFHexString.fromText(value))
  for (const widget of field.acroField.getWidgets()) widget.dict.delete(PDFName.of('AP'))
}
const agreed = form.createCheckBox('agreed')
agreed.addToPage(page, { x: 20, y: 140, width: 16, height: 16 })
agreed.check()
form.acroForm.dict.set(PDFName.of('NeedAppearances'), made.context.obj(true))
writeFileSync(`${folder}/pdf-lib.pdf`, await made.save({ updateFieldAppearances: false }))

const kit = new PDFKit({ size: [420, 300] })
const parts = []
kit.on('data', (part) => parts.push(part))
const ended = new Promise((done) => kit.on('end', done))
kit.font('Helvetica').fontSize(14).text('Application', 20, 20)
kit.initForm()
kit.formText('name', 20, 60, 380, 24, { value: name })
kit.formText('address', 20, 100, 380, 24, { value: address, borderColor: '#000000' })
kit.formText('reason', 20, 140, 380, 60, { value: '经营场所变更\n新址见附件', multiline: true, align: 'center' })
kit.formCombo('kind', 20, 210, 180, 24, { select: ['新办', '变更'], value: '变更' })
kit.end()
await ended
writeFileSync(`${folder}/pdfkit.pdf`, Buffer.concat(parts))

const js = new jsPDF({ unit: 'pt', format: [420, 300], orientation: 'landscape' })
js.text('Application', 20, 30)
for (const [key, value, y] of [['name', name, 60], ['address', address, 100]]) {
  const field = new jsPDF.AcroForm.TextField()
  Object.assign(field, { Rect: [20, y, 380, 24], fieldName: key, value, fontSize: 12 })
  js.addField(field)
}
const box = new jsPDF.AcroForm.CheckBox()
Object.assign(box, { Rect: [20, 140, 16, 16], fieldName: 'agreed', appearanceState: 'On' })
js.addField(box)
writeFileSync(`${folder}/jspdf.pdf`, Buffer.from(js.output('arraybuffer')))
