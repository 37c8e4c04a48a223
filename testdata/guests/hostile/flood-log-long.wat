;; Writes a line of 64 KiB with line breaks, escapes and bytes that are not UTF-8.
(module
  (import "weir1" "log" (func $log (param i32 i32 i32)))
  (data $line "forged\0d\0a{\22level\22:\22ERROR\22}\1b[31m")
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (memory.fill (i32.const 65536) (i32.const 0xff) (i32.const 65536))
    (memory.init $line (i32.const 65536) (i32.const 0) (i32.const 29))
    (call $log (i32.const 1) (i32.const 65536) (i32.const 65536))
    (i64.const 0)))
