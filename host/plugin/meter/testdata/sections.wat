;; Every section and every kind of segment. Build: wat2wasm --debug-names sections.wat
(module $sections
  (type $unary (func (param i32) (result i32)))
  (import "env" "zero" (global $zero i32))
  (import "env" "double" (func $double (type $unary)))
  (func $inc (export "inc") (type $unary) (local $unused i64)
    (i32.add (local.get 0) (i32.const 1)))
  (func $dec (export "dec") (type $unary) (i32.sub (local.get 0) (i32.const 1)))
  (func $begin (global.set $count (i32.const 40)))
  (func (export "call") (param $which i32) (param $x i32) (result i32)
    (call_indirect $t (type $unary) (local.get $x) (local.get $which)))
  (func (export "call2") (param $which i32) (param $x i32) (result i32)
    (call_indirect $v (type $unary) (local.get $x) (local.get $which)))
  (func (export "init") (param $n i32)
    (table.init $t $passive (i32.const 4) (i32.const 0) (local.get $n))
    (table.init $t $passiveExpr (i32.const 6) (i32.const 0) (local.get $n))
    (table.copy $v $t (i32.const 2) (i32.const 4) (i32.const 4))
    (elem.drop $passive))
  (func (export "ref") (result i32)
    (table.set $t (i32.const 8) (ref.func $declared))
    (call_indirect $t (type $unary) (i32.const 5) (i32.const 8)))
  (func $declared (type $unary) (i32.mul (local.get 0) (i32.const 3)))
  (func (export "bytes") (result i32)
    (memory.init $passiveData (i32.const 100) (i32.const 0) (i32.const 4))
    (data.drop $passiveData)
    (i32.add (i32.load (i32.const 100)) (i32.load (i32.const 8))))
  (func (export "imported") (param i32) (result i32) (call $double (local.get 0)))
  (table $t (export "t") 10 20 funcref)
  (table $u 10 externref)
  (table $v 10 funcref)
  (memory $m (export "memory") 1)
  (global $count (export "count") (mut i32) (i32.const 2))
  (global $f funcref (ref.func $dec))
  (export "f" (global $f))
  (start $begin)
  (elem (i32.const 0) $inc $dec)                                     ;; kind 0
  (elem $passive func $inc $double)                                   ;; kind 1
  (elem (table $v) (i32.const 0) func $dec $inc)                      ;; kind 2
  (elem declare func $declared)                                       ;; kind 3
  (elem (i32.const 2) funcref (ref.func $double) (ref.null func))     ;; kind 4
  (elem $passiveExpr funcref (ref.func $dec) (ref.null func))         ;; kind 5
  (elem (table $v) (i32.const 2) funcref (ref.func $inc) (ref.null func)) ;; kind 6
  (elem declare funcref (ref.func $dec) (ref.null func))              ;; kind 7
  (data (global.get $zero) "at zero")
  (data (i32.const 8) "\01\02\03\04")
  (data $passiveData "\05\06\07\08")
)
