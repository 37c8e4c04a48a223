;; What would run for ever, or take all there is. Build: wat2wasm --debug-names kill.wat
(module
  (memory (export "memory") 16 4096)
  (table $t (export "table") 4 funcref)
  (elem (i32.const 0) $indirect)
  (data $bytes "some bytes")
  (type $f (func (param i32) (result i32)))

  (func (export "spin") (loop $l (br $l)))
  (func (export "spin_if") (param $n i32) (loop $l (br_if $l (i32.ge_s (local.get $n) (local.get $n)))))
  (func (export "spin_table") (loop $l (br_table $l $l (i32.const 0))))
  (func (export "spin_operand") (drop (i32.const 1) (loop $l (param i32) (result i32) (br $l))))
  (func (export "spin_nested")
    (loop $outer (loop $inner (br_if $outer (i32.const 1)) (br $inner))))

  (func $direct (export "direct") (param i32) (result i32)
    (i32.add (call $direct (local.get 0)) (i32.const 1)))
  (func $even (export "mutual") (param i32) (result i32)
    (i32.add (call $odd (local.get 0)) (i32.const 1)))
  (func $odd (param i32) (result i32) (i32.sub (call $even (local.get 0)) (i32.const 1)))
  (func $indirect (export "indirect") (param i32) (result i32)
    (i32.add (call_indirect (type $f) (local.get 0) (i32.const 0)) (i32.const 1)))
  ;; no frame to speak of, but calls that never return cost fuel too
  (func $fan (export "fan") (param $n i32)
    (if (local.get $n)
      (then (call $fan (i32.sub (local.get $n) (i32.const 1)))
            (call $fan (i32.sub (local.get $n) (i32.const 1))))))

  (func (export "fill") (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x100000)) (br $l)))
  (func (export "fill_by") (param $n i32) (loop $l (memory.fill (i32.const 0) (i32.const 7) (local.get $n)) (br $l)))
  (func (export "copy_by") (param $n i32) (loop $l (memory.copy (i32.const 8) (i32.const 0) (local.get $n)) (br $l)))
  (func (export "grow") (loop $l (drop (memory.grow (i32.const 1))) (br $l)))
  (func (export "grow_table") (loop $l (drop (table.grow $t (ref.null func) (i32.const 1))) (br $l)))
  (func (export "fill_table") (loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 4)) (br $l)))

  ;; one call of each, to see what it does
  (func (export "fill_once") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy_once") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init_once") (param i32 i32 i32) (memory.init $bytes (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop_once") (data.drop $bytes))
  (func (export "grow_once") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table_once") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "leaf") (result i32) (i32.const 0))
)
