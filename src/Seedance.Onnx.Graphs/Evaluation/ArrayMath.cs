namespace Seedance.Onnx.Graphs.Evaluation;

/// <summary>Elementwise operators and reductions. Floating-point arithmetic is in double precision, rounded to the element type after each operator.</summary>
internal static class ArrayMath
{
    private static readonly Dictionary<string, Func<double, double>> Unaries = new(StringComparer.Ordinal)
    {
        ["Abs"] = Math.Abs,
        ["Neg"] = x => -x,
        ["Sqrt"] = Math.Sqrt,
        ["Reciprocal"] = x => 1 / x,
        ["Exp"] = Math.Exp,
        ["Log"] = Math.Log,
        ["Sin"] = Math.Sin,
        ["Cos"] = Math.Cos,
        ["Tanh"] = Math.Tanh,
        ["Sigmoid"] = x => 1 / (1 + Math.Exp(-x)),
        ["Floor"] = Math.Floor,
        ["Ceil"] = Math.Ceiling,
        ["Round"] = x => Math.Round(x, MidpointRounding.ToEven),
        ["Sign"] = x => double.IsNaN(x) ? x : Math.Sign(x),
        ["Relu"] = x => Math.Max(x, 0),
    };

    private static readonly Dictionary<string, Func<double, double, double>> Binaries = new(StringComparer.Ordinal)
    {
        ["Add"] = (x, y) => x + y,
        ["Sub"] = (x, y) => x - y,
        ["Mul"] = (x, y) => x * y,
        ["Div"] = (x, y) => x / y,
        ["Pow"] = Math.Pow,
        ["Min"] = Math.Min,
        ["Max"] = Math.Max,
    };

    private static readonly Dictionary<string, Func<long, long, long>> Wholes = new(StringComparer.Ordinal)
    {
        ["Add"] = (x, y) => x + y,
        ["Sub"] = (x, y) => x - y,
        ["Mul"] = (x, y) => x * y,
        // The caller refuses y = 0; −1 is apart because the smallest number has no opposite.
        ["Div"] = (x, y) => y == -1 ? -x : x / y,
        ["Min"] = Math.Min,
        ["Max"] = Math.Max,
        ["And"] = (x, y) => x & y,
        ["Or"] = (x, y) => x | y,
        ["Xor"] = (x, y) => x ^ y,
    };

    private static readonly Dictionary<string, Func<double, double, bool>> Comparisons = new(StringComparer.Ordinal)
    {
        ["Equal"] = (x, y) => x == y,
        ["Less"] = (x, y) => x < y,
        ["LessOrEqual"] = (x, y) => x <= y,
        ["Greater"] = (x, y) => x > y,
        ["GreaterOrEqual"] = (x, y) => x >= y,
    };

    /// <summary>Whether an operator takes two arrays elementwise.</summary>
    public static bool IsBinary(string op) => Binaries.ContainsKey(op) || Wholes.ContainsKey(op) || Comparisons.ContainsKey(op) || op == "Mod";

    /// <summary>Whether an operator takes one array elementwise.</summary>
    public static bool IsUnary(string op) => Unaries.ContainsKey(op);

    public static HostArray? Unary(string op, HostArray x) => x.Type switch
    {
        OnnxElementType.UInt64 or OnnxElementType.Bool => null,
        _ when x.Type.IsFloat() => HostArray.FromDoubles(x.Type, x.Dims, Array.ConvertAll(x.ToDoubles(), value => Unaries[op](value))),
        _ => op switch
        {
            "Abs" => HostArray.FromInt64s(x.Type, x.Dims, Array.ConvertAll(x.ToInt64s(), value => value < 0 ? -value : value)),
            "Neg" => HostArray.FromInt64s(x.Type, x.Dims, Array.ConvertAll(x.ToInt64s(), value => -value)),
            "Sign" => HostArray.FromInt64s(x.Type, x.Dims, Array.ConvertAll(x.ToInt64s(), value => (long)Math.Sign(value))),
            _ => null,
        },
    };

    /// <summary>Elementwise on two arrays of one type (Pow may mix); null when it cannot be computed here.</summary>
    public static HostArray? Binary(string op, HostArray x, HostArray y, bool cRemainder = false)
    {
        if (ArrayMoves.Broadcast(x.Dims, y.Dims) is not { } dims || x.Type == OnnxElementType.UInt64 || y.Type == OnnxElementType.UInt64 || (x.Type != y.Type && op != "Pow"))
        {
            return null;
        }

        (x, y) = (ArrayMoves.Expand(x, dims), ArrayMoves.Expand(y, dims));
        bool real = x.Type.IsFloat();
        if (Comparisons.TryGetValue(op, out Func<double, double, bool>? compare) && (real || op != "Equal"))
        {
            return Bools(dims, Zip(x.ToDoubles(), y.ToDoubles(), (a, b) => compare(a, b) ? 1L : 0));
        }

        if (op == "Equal")
        {
            return Bools(dims, Zip(x.ToInt64s(), y.ToInt64s(), (a, b) => a == b ? 1L : 0));
        }

        if (op == "Mod")
        {
            return Mod(x, y, dims, cRemainder);
        }

        if (real || op == "Pow")
        {
            return Binaries.TryGetValue(op, out Func<double, double, double>? apply) ? HostArray.FromDoubles(x.Type, dims, Zip(x.ToDoubles(), y.ToDoubles(), apply)) : null;
        }

        long[] divisors = op == "Div" ? y.ToInt64s() : [];
        return Wholes.TryGetValue(op, out Func<long, long, long>? whole) && !divisors.Contains(0)
            ? HostArray.FromInt64s(x.Type, dims, Zip(x.ToInt64s(), y.ToInt64s(), whole))
            : null;
    }

    public static HostArray? Where(HostArray condition, HostArray x, HostArray y)
    {
        if (ArrayMoves.Broadcast(x.Dims, y.Dims) is not { } both || ArrayMoves.Broadcast(condition.Dims, both) is not { } dims || x.Type != y.Type)
        {
            return null;
        }

        (condition, x, y) = (ArrayMoves.Expand(condition, dims), ArrayMoves.Expand(x, dims), ArrayMoves.Expand(y, dims));
        byte[] bytes = new byte[x.Bytes.Length];
        int item = x.ItemBytes;
        for (int i = 0; i < condition.Bytes.Length; i++)
        {
            (condition.Bytes[i] != 0 ? x : y).Bytes.AsSpan(i * item, item).CopyTo(bytes.AsSpan(i * item));
        }

        return new HostArray(x.Type, dims, bytes);
    }

    public static HostArray? Cast(HostArray x, OnnxElementType to)
    {
        if (!HostArray.Supports(to) || (x.Type == OnnxElementType.UInt64 && to.IsFloat()))
        {
            return null;
        }

        return x.Type == to ? x
            : x.Type.IsFloat() ? FromReals(x, to)
            : HostArray.FromInt64s(to, x.Dims, x.ToInt64s());
    }

    /// <summary>ONNX's Reduce operators; null for one that is not known.</summary>
    public static HostArray? Reduce(string op, HostArray x, int[] axes, bool keep)
    {
        int[] kept = [.. Enumerable.Range(0, x.Dims.Length).Except(axes)];
        HostArray ordered = ArrayMoves.Transpose(x, [.. kept, .. axes]);
        long size = OnnxTensor.Count([.. axes.Select(axis => x.Dims[axis])]);
        Func<IEnumerable<double>, double>? reduce = op switch
        {
            "ReduceSum" => values => values.Sum(),
            "ReduceMean" => values => values.Average(),
            "ReduceMax" => values => values.Max(),
            "ReduceMin" => values => values.Min(),
            "ReduceProd" => values => values.Aggregate(1.0, (a, b) => a * b),
            _ => null,
        };
        if (reduce is null || size == 0 || x.Type == OnnxElementType.UInt64 || (!x.Type.IsFloat() && op == "ReduceMean"))
        {
            return null;
        }

        double[] values = ordered.ToDoubles(), results = new double[values.LongLength / size];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = reduce(new ArraySegment<double>(values, (int)(i * size), (int)size));
        }

        // Whole numbers beyond the exact range of double precision are left alone.
        bool exact = x.Type.IsFloat() || Array.TrueForAll(results, result => Math.Abs(result) < 1L << 52);
        long[] dims = [.. Enumerable.Range(0, x.Dims.Length).Where(axis => keep || !axes.Contains(axis)).Select(axis => axes.Contains(axis) ? 1 : x.Dims[axis])];
        return exact ? HostArray.FromDoubles(x.Type, dims, results) : null;
    }

    /// <summary>Batched matrix product of arrays of rank 2 and more; null when they do not fit.</summary>
    public static HostArray? MatMul(HostArray x, HostArray y)
    {
        if (x.Dims.Length < 2 || y.Dims.Length < 2 || x.Dims[^1] != y.Dims[^2] || !x.Type.IsFloat() || x.Type != y.Type
            || ArrayMoves.Broadcast(x.Dims[..^2], y.Dims[..^2]) is not { } batch)
        {
            return null;
        }

        long rows = x.Dims[^2], inner = x.Dims[^1], columns = y.Dims[^1], batches = OnnxTensor.Count(batch);
        double[] a = ArrayMoves.Expand(x, [.. batch, rows, inner]).ToDoubles(), b = ArrayMoves.Expand(y, [.. batch, inner, columns]).ToDoubles();
        var c = new double[batches * rows * columns];
        for (long i = 0; i < batches * rows; i++)
        {
            for (long k = 0; k < inner; k++)
            {
                double factor = a[(i * inner) + k];
                long row = ((i / rows * inner) + k) * columns;
                for (long j = 0; j < columns; j++)
                {
                    c[(i * columns) + j] += factor * b[row + j];
                }
            }
        }

        return HostArray.FromDoubles(x.Type, [.. batch, rows, columns], c);
    }

    private static HostArray? FromReals(HostArray x, OnnxElementType to)
    {
        double[] values = x.ToDoubles();
        // What a number outside the target's range becomes is for the runtime to say.
        return to.IsFloat() || to == OnnxElementType.Bool || Array.TrueForAll(values, value => Math.Abs(value) < int.MaxValue)
            ? HostArray.FromDoubles(to, x.Dims, values)
            : null;
    }

    private static HostArray? Mod(HostArray x, HostArray y, long[] dims, bool cRemainder)
    {
        if (x.Type.IsFloat())
        {
            return HostArray.FromDoubles(x.Type, dims, Zip(x.ToDoubles(), y.ToDoubles(), (a, b) => a % b));
        }

        long[] divisors = y.ToInt64s();
        return divisors.Contains(0) ? null
            : HostArray.FromInt64s(x.Type, dims, Zip(x.ToInt64s(), divisors, (a, b) => b == -1 ? 0 : cRemainder ? a % b : ((a % b) + b) % b));
    }

    private static HostArray Bools(long[] dims, long[] values) => HostArray.FromInt64s(OnnxElementType.Bool, dims, values);

    private static TResult[] Zip<T, TResult>(T[] x, T[] y, Func<T, T, TResult> apply)
    {
        var results = new TResult[x.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = apply(x[i], y[i]);
        }

        return results;
    }
}
