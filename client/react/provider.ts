// Which instance the hooks below use: the one of the nearest provider, else the default one.
import { createContext, createElement, type ReactNode, useContext } from 'react'
import { type Countersign, instanceOf } from '../instance.ts'

const InstanceContext = createContext<Countersign | undefined>(undefined)

/** Props of `CountersignProvider`. */
export interface CountersignProviderProps {
  instance: Countersign
  children?: ReactNode
}

/**
 * Hands an instance to every hook and component below it. An application with one instance needs none.
 *
 * @example <CountersignProvider instance={countersign}><App /></CountersignProvider>
 */
export const CountersignProvider = ({ instance, children }: CountersignProviderProps) =>
  createElement(InstanceContext.Provider, { value: instance }, children)

/**
 * The instance to use: the one given, else the provider's, else the default one.
 *
 * @throws CountersignError `input_invalid` before `createCountersign` was called
 */
export function useCountersign(given?: Countersign): Countersign {
  const provided = useContext(InstanceContext)
  return instanceOf(given ?? provided)
}
