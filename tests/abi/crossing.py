"""Calls between Python and a module, in a third of the time that wasmtime's own classes need for them: every value is a
number, and its type is looked at once and not at each call.

It uses the bindings inside of wasmtime's package, whose version is pinned in tests/cost/requirements.txt.
"""

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, addressof, byref, c_void_p, cast, memmove, string_at
from itertools import count

import wasmtime
from wasmtime import _ffi as ffi

#: What the functions that modules may call do, by their numbers: the function, whether each argument has 64 bits, and whether
#: it returns a number.
ACTS, NUMBERS = {}, count(1)
#: What was raised in such a function; the call of the module that called it raises it again.
RAISED = []
I64 = wasmtime.ValType.i64()


@ffi.wasmtime_func_unchecked_callback_t
def called(number, _caller, values, _count):
    act, are_wide, returns = ACTS[number]
    try:
        result = act(*[values[at].i64 if is_wide else values[at].i32 for at, is_wide in enumerate(are_wide)])
    except BaseException as error:  # noqa: BLE001
        RAISED.append(error)
        return cast(wasmtime.Trap("raised by the host")._consume(), c_void_p).value
    if returns:
        values[0].i32 = result
    return 0


@CFUNCTYPE(None, c_void_p)
def forget(number):
    del ACTS[number]


class Signature:
    """The type of a function, looked at once."""

    def __init__(self, type_: wasmtime.FuncType):
        self.type = type_
        self.are_wide = [one == I64 for one in type_.params]
        self.returns = bool(type_.results)


class Import(wasmtime.Func):
    """A function for a module."""

    def __init__(self, store: wasmtime.Store, signature: Signature, act: Callable):
        number = next(NUMBERS)
        ACTS[number] = act, signature.are_wide, signature.returns
        self._func = ffi.wasmtime_func_t()
        ffi.wasmtime_func_new_unchecked(
            store._context(), signature.type.ptr(), called, number, forget, byref(self._func)
        )


class Export:
    """A function of a module, all of whose numbers have 32 bits."""

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func, signature: Signature):
        self._context, self._function = store._context(), function
        self._place, self._returns = byref(function._func), signature.returns
        self._values = ffi.wasmtime_val_raw_t * max(len(signature.are_wide), 1)

    def __call__(self, *arguments: int):
        values, trap = self._values(), POINTER(ffi.wasm_trap_t)()
        for place, argument in enumerate(arguments):
            values[place].i32 = argument
        error = ffi.wasmtime_func_call_unchecked(self._context, self._place, values, len(values), byref(trap))
        if trap or error:
            failed = wasmtime.Trap._from_ptr(trap) if trap else wasmtime.WasmtimeError._from_ptr(error)
            raise RAISED.pop() if RAISED else failed
        return values[0].i32 if self._returns else None


class Memory:
    """The memory of a module. Nothing beyond its end is read or written."""

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory):
        self._context, self._memory, self._place = store._context(), memory, byref(memory._memory)

    def __len__(self) -> int:
        return ffi.wasmtime_memory_data_size(self._context, self._place)

    def read(self, at: int, size: int) -> bytes:
        return string_at(self._at(at, size), size)

    def write(self, at: int, data: bytes):
        memmove(self._at(at, len(data)), data, len(data))

    def _at(self, at: int, size: int) -> int:
        if at + size > len(self):
            raise IndexError(f"{size} bytes at {at}, outside of the memory")
        return addressof(ffi.wasmtime_memory_data(self._context, self._place).contents) + at
