using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Ort;

/// <summary>Runs a <see cref="RowProgram"/> over tensors that ONNX Runtime lends. Safe for several runs at once.</summary>
internal sealed unsafe class RowKernel
{
    /// <summary>More axes than any model has.</summary>
    private const int MostAxes = 16;

    /// <summary>Elements, times steps, below which another thread would cost more than it does.</summary>
    private const long WorthAThread = 1 << 16;

    /// <summary>Rows that a thread keeps between two passes; grows to what its largest program needs.</summary>
    [ThreadStatic]
    private static float[]? _kept;

    private readonly RowProgram _program;
    private readonly nint[] _passes;
    private readonly float[] _numbers;
    private readonly int _rows;
    private readonly RowView?[] _views;
    private readonly bool[] _halves;

    public RowKernel(RowProgram program)
    {
        _program = program;
        (_passes, _numbers, _rows) = RowCompiler.Compile(program);
        _views = [.. Enumerable.Range(0, program.Inputs).Select(input => program.Views.GetValueOrDefault(input))];
        _halves = [.. Enumerable.Range(0, program.Inputs).Select(input => program.Steps.Any(step => step.Operation == RowOperation.Rotate && step.Values.Skip(1).Contains(new RowValue(RowValueKind.Input, input))))];
    }

    /// <summary>The kernel that a handle stands for.</summary>
    public static RowKernel Of(nint handle) => Unsafe.As<RowKernel>(GCHandle.FromIntPtr(handle).Target!);

    /// <summary>Runs once.</summary>
    /// <param name="context">What ONNX Runtime lends.</param>
    /// <param name="handle">Stands for this kernel.</param>
    /// <exception cref="InvalidOperationException">The tensors do not fit the program.</exception>
    public void Run(nint context, nint handle)
    {
        int count = (int)RuntimeApi.CountInputs(context);
        if (count != _program.Inputs)
        {
            throw new InvalidOperationException($"Program '{_program}' must have {_program.Inputs} inputs, but has {count}.");
        }

        RowTensor* tensors = stackalloc RowTensor[_program.Inputs + _program.Outputs];
        long* shape = stackalloc long[MostAxes];
        int rank = Bind(context, tensors, shape);
        for (int output = 0; output < _program.Outputs; output++)
        {
            ref RowTensor tensor = ref tensors[_program.Inputs + output];
            ReadOnlySpan<long> lengths = new(shape, rank);
            tensor.Look(RuntimeApi.Output(context, output, lengths), lengths, view: null);
        }

        long rows = 1;
        for (int axis = 0; axis < rank - 1; axis++)
        {
            rows *= shape[axis];
        }

        if (rows == 0 || shape[rank - 1] == 0)
        {
            return;
        }

        int parts = (int)Math.Clamp(rows * shape[rank - 1] * _program.Steps.Length / WorthAThread, 1, Math.Min(rows, Environment.ProcessorCount));
        Work work = new() { Kernel = handle, Tensors = tensors, Shape = shape, Axes = rank - 1, Rows = rows, Parts = parts };
        if (parts == 1)
        {
            Run(work, 0);
        }
        else
        {
            RuntimeApi.RunParallel(context, &RunPart, parts, &work);
        }
    }

    [UnmanagedCallersOnly]
    private static void RunPart(void* work, nuint part)
    {
        Work* all = (Work*)work;
        Of(all->Kernel).Run(*all, (int)part);
    }

    /// <summary>Finds the inputs, and the shape that they have together.</summary>
    /// <returns>Its number of axes.</returns>
    private int Bind(nint context, RowTensor* tensors, long* shape)
    {
        int rank = 1;
        for (int input = 0; input < _program.Inputs; input++)
        {
            float* data = RuntimeApi.Input(context, input, out ReadOnlySpan<long> own);
            tensors[input].Look(data, own, _views[input]);
            rank = Math.Max(rank, tensors[input].Axes + 1);
        }

        new Span<long>(shape, rank).Fill(1);
        for (int input = 0; input < _program.Inputs; input++)
        {
            RowTensor* tensor = &tensors[input];
            for (int axis = 0; axis < tensor->Axes; axis++)
            {
                long length = tensor->Lengths[axis];
                ref long all = ref shape[rank - 1 - tensor->Axes + axis];
                all = length == all || length == 1 ? all
                    : all == 1 ? length
                    : throw new InvalidOperationException($"Inputs of program '{_program}' must be as long on every axis, or 1 long, but have {all} and {length}.");
            }

            shape[rank - 1] = Math.Max(shape[rank - 1], tensor->Width);
        }

        for (int input = 0; input < _program.Inputs; input++)
        {
            long expected = _halves[input] ? shape[rank - 1] / 2 : shape[rank - 1];
            if (tensors[input].Width != expected || expected % RowProgram.WidthUnit != 0)
            {
                throw new InvalidOperationException($"Input {input} of program '{_program}' must have rows of {expected} elements, a multiple of {RowProgram.WidthUnit}, but has {tensors[input].Width}.");
            }

            tensors[input].Repeat(rank - 1);
        }

        return rank;
    }

    /// <summary>One thread's part of the rows.</summary>
    private void Run(in Work work, int part)
    {
        int width = (int)work.Shape[work.Axes], tensors = _program.Inputs + _program.Outputs;
        float** rows = stackalloc float*[_rows];
        float* numbers = stackalloc float[_numbers.Length];
        _numbers.CopyTo(new Span<float>(numbers, _numbers.Length));
        long* at = stackalloc long[MostAxes];
        (long from, long to) = (work.Rows * part / work.Parts, work.Rows * (part + 1) / work.Parts);
        for (int tensor = 0; tensor < tensors; tensor++)
        {
            rows[tensor] = work.Tensors[tensor].Data;
        }

        long rest = from;
        for (int axis = work.Axes - 1; axis >= 0; axis--)
        {
            (rest, at[axis]) = Math.DivRem(rest, work.Shape[axis]);
            for (int tensor = 0; tensor < tensors; tensor++)
            {
                rows[tensor] += at[axis] * work.Tensors[tensor].Strides[axis];
            }
        }

        if (_kept is not { } kept || kept.Length < (_rows - tensors) * width)
        {
            _kept = kept = GC.AllocateUninitializedArray<float>((_rows - tensors) * width, pinned: true);
        }

        for (int row = tensors; row < _rows; row++)
        {
            rows[row] = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(kept)) + ((row - tensors) * width);
        }

        RowTerms.Frame frame = new() { Rows = rows, Numbers = numbers, Width = width };
        for (long row = from; row < to; row++)
        {
            foreach (nint pass in _passes)
            {
                ((delegate*<RowTerms.Frame*, void>)pass)(&frame);
            }

            for (int axis = work.Axes - 1; axis >= 0; axis--)
            {
                bool turns = ++at[axis] == work.Shape[axis];
                long steps = turns ? 1 - work.Shape[axis] : 1;
                for (int tensor = 0; tensor < tensors; tensor++)
                {
                    rows[tensor] += steps * work.Tensors[tensor].Strides[axis];
                }

                if (!turns)
                {
                    break;
                }

                at[axis] = 0;
            }
        }
    }

    /// <summary>What threads share.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Work
    {
        public RowTensor* Tensors;
        public long* Shape;
        public int Axes;
        public long Rows;
        public int Parts;
        public nint Kernel;
    }

    /// <summary>A tensor's memory, and how far its rows lie apart along the outer axes: of its view at first, then of all tensors together.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RowTensor
    {
        public float* Data;
        public long Width;
        public int Axes;
        public fixed long Lengths[MostAxes];
        public fixed long Strides[MostAxes];

        public void Look(float* data, ReadOnlySpan<long> shape, RowView? view)
        {
            Span<long> whole = stackalloc long[MostAxes];
            int split = view?.Split.Length ?? 0, rank = split == 0 ? shape.Length : shape.Length - 1 + split;
            if (rank is 0 or > MostAxes || (view is not null && view.Axes.Length >= MostAxes))
            {
                throw new InvalidOperationException($"Tensors of row programs have 1 to {MostAxes} axes, but one has {rank}.");
            }

            shape.CopyTo(whole);
            for (int part = 0; part < split; part++)
            {
                whole[shape.Length - 1 + part] = view!.Split[part];
            }

            if (view is not null)
            {
                RequireInside(view, shape[^1], whole[..rank]);
            }

            Span<long> strides = stackalloc long[MostAxes];
            long stride = 1;
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                strides[axis] = stride;
                stride *= whole[axis];
            }

            foreach ((int axis, int element) in view is null ? [] : view.Picks.AsSpan())
            {
                data += element * strides[axis];
            }

            Data = data;
            (Width, Axes) = (whole[rank - 1], view?.Axes.Length ?? rank - 1);
            for (int axis = 0; axis < Axes; axis++)
            {
                int own = view is null ? axis : view.Axes[axis];
                Lengths[axis] = own < 0 ? 1 : whole[own];
                Strides[axis] = own < 0 || whole[own] == 1 ? 0 : strides[own];
            }
        }

        /// <summary>A file may come from anywhere: what a view names must be there.</summary>
        private static void RequireInside(RowView view, long width, ReadOnlySpan<long> whole)
        {
            long split = 1;
            foreach (int length in view.Split)
            {
                split = checked(split * Math.Max(length, 0));
            }

            bool fits = view.Split.IsEmpty || split == width;
            foreach (int axis in view.Axes)
            {
                fits &= axis >= -1 && axis < whole.Length - 1;
            }

            foreach ((int axis, int element) in view.Picks)
            {
                fits &= axis >= 0 && axis < whole.Length - 1 && element >= 0 && element < whole[axis];
            }

            if (!fits)
            {
                throw new InvalidOperationException($"A view must be of axes and elements that its tensor has, but {view} is not of [{string.Join(", ", whole.ToArray())}].");
            }
        }

        /// <summary>Takes missing leading axes in.</summary>
        public void Repeat(int axes)
        {
            for (int axis = axes - 1; axis >= 0; axis--)
            {
                int own = axis - (axes - Axes);
                Strides[axis] = own < 0 ? 0 : Strides[own];
            }

            Axes = axes;
        }
    }
}
