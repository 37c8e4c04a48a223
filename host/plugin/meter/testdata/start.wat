;; A start function that never ends. Build: wat2wasm start.wat
(module (memory (export "memory") 1) (func $start (loop $l (br $l))) (start $start))
