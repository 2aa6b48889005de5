// @vitest-environment node
import { expect, it } from 'vitest'
import { caseView, field } from '../../../../tests/kit/cases'
import { registeredFor } from './registered'

const applicant = {
  ...caseView().applicant,
  name: '孙雅宁',
  phone: '13805316217',
  identity_number: '11010519491231002X',
}
const asked = {
  phone: field({ name: 'contact', kind: 'phone' }),
  number: field({ name: 'holder', kind: 'identity_number' }),
  name: field({ name: 'who', card: 'name' }),
  other: field({ name: 'remark' }),
}

it('is what the field asks for, and not whole before it is taken', () => {
  const told = Object.values(asked).map((one) => registeredFor(applicant, one))
  expect(told).toEqual([
    { what: 'phone', value: '13805316217', told: '138…6217' },
    { what: 'identity_number', value: '11010519491231002X', told: '110105…002X' },
    { what: 'name', value: '孙雅宁', told: '孙雅宁' },
    null,
  ])
})

it('is nothing where nothing was said, or where it is masked', () => {
  expect(registeredFor({ ...applicant, phone: '' }, asked.phone)).toBeNull()
  expect(registeredFor({ ...applicant, identity_number: '110105********002X' }, asked.number)).toBeNull()
})
