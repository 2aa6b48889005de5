// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { creditCodeFault, dateOf, documentFault, identityNumberFault, phoneFault } from './identifiers'

describe('identifiers', () => {
  it('takes an identity number whose check digit is right and names what is wrong otherwise', () => {
    expect(identityNumberFault('11010519491231002x')).toBeNull()
    expect(identityNumberFault('110105194912310021')).toBe('bad_identity_number')
    expect(identityNumberFault('1101051949123100')).toBe('bad_identity_number')
    expect(identityNumberFault('11010519491231002X', new Date(1900, 0, 1))).toBe('bad_date')
  })

  it.each([
    ['identity_card', '11010519491231002x', null],
    ['identity_card', 'E12345678', 'bad_identity_number'],
    ['identity_card', '810000199001010019', 'other_document'],
    ['residence_permit', '810000199001010019', null],
    ['residence_permit', '11010519491231002X', 'other_document'],
    ['home_return_permit', 'h0123 4567', null],
    ['home_return_permit', 'H1234567', 'bad_document_number'],
    ['permanent_resident', 'usa310000000001', null],
    ['permanent_resident', '11010519491231002X', 'other_document'],
    ['passport', 'e12345678', null],
    ['passport', 'ABCDEFGH', 'bad_document_number'],
    ['passport', '11010519491231002X', 'bad_document_number'],
  ] as const)('asks of %s %s what the server asks', (document, number, fault) => {
    expect(documentFault(document, number)).toBe(fault)
  })

  it('takes a credit code by the published worked example', () => {
    expect(creditCodeFault('91350100M000100Y43')).toBeNull()
    expect(creditCodeFault('91350100M000100Y4Z')).toBe('bad_credit_code')
    expect(creditCodeFault('91350100I000100Y43')).toBe('bad_credit_code')
  })

  it('takes mobile and landline numbers and days that exist', () => {
    expect(phoneFault('138 0531 6217')).toBeNull()
    expect(phoneFault('0531-82012345')).toBeNull()
    expect(phoneFault('12345')).toBe('bad_phone')
    expect(dateOf('2026-02-28')).not.toBeNull()
    expect(dateOf('2026-02-30')).toBeNull()
  })
})
