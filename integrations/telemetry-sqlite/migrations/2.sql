-- The state of the trace (`tracestate`), as the header has it; null where there is none.
ALTER TABLE spans ADD COLUMN trace_state TEXT;
