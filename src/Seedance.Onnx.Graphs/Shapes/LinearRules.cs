using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Matrix products, convolutions, pooling, attention and recurrent layers.</summary>
internal static class LinearRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("MatMul", node => node.Set(0, node.Type(0), MatMulShape(node.Shape(0), node.Shape(1)))),
        ("MatMulInteger", node => node.Set(0, OnnxElementType.Int32, MatMulShape(node.Shape(0), node.Shape(1)))),
        ("QLinearMatMul", node => node.Set(0, node.Type(7), MatMulShape(node.Shape(0), node.Shape(3)))),
        ("Gemm", Gemm),
        ("Einsum", Einsum),
        ("Conv com.microsoft.FusedConv", node => Convolve(node, node.Shape(1), node.Type(0))),
        ("ConvInteger", node => Convolve(node, node.Shape(1), OnnxElementType.Int32)),
        ("QLinearConv", node => Convolve(node, node.Shape(3), node.Type(7))),
        ("ConvTranspose", ConvTranspose),
        ("MaxPool AveragePool LpPool", Pool),
        ("Attention", Attention),
        ("LSTM GRU RNN", Recurrent),
    ];

    /// <summary>The shape of a matrix product; null when one side is not known.</summary>
    internal static ImmutableArray<OnnxDimension>? MatMulShape(ImmutableArray<OnnxDimension>? left, ImmutableArray<OnnxDimension>? right)
    {
        if (left is not { } a || right is not { } b || a.Length == 0 || b.Length == 0)
        {
            return null;
        }

        ImmutableArray<OnnxDimension> batch = Lengths.Broadcast(a.Length > 1 ? [.. a[..^2]] : [], b.Length > 1 ? [.. b[..^2]] : [])!.Value;
        return [.. batch, .. a.Length > 1 ? new[] { a[^2] } : [], .. b.Length > 1 ? new[] { b[^1] } : []];
    }

    /// <summary>The spatial lengths behind a window that slides over others.</summary>
    internal static OnnxDimension[] Slide(NodeInference node, ReadOnlySpan<OnnxDimension> lengths, IReadOnlyList<long?> kernel)
    {
        var results = new OnnxDimension[lengths.Length];
        string padding = node.Node.Text("auto_pad", "NOTSET");
        bool ceiling = node.Node.Int("ceil_mode", 0) != 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            long stride = node.Node.Ints("strides")?[i] ?? 1, dilation = node.Node.Ints("dilations")?[i] ?? 1;
            IReadOnlyList<long>? pads = node.Node.Ints("pads");
            long pad = padding == "VALID" || pads is null ? 0 : pads[i] + pads[i + lengths.Length];
            results[i] = kernel[i] is not { } size ? OnnxDimension.Unknown : Lengths.Apply(lengths[i], length =>
            {
                if (padding is "SAME_UPPER" or "SAME_LOWER")
                {
                    return (length + stride - 1) / stride;
                }

                long room = length + pad - ((size - 1) * dilation) - 1;
                return (ceiling ? (room + stride - 1) / stride : room / stride) + 1;
            });
        }

        return results;
    }

    private static void Gemm(NodeInference node)
    {
        if (node.Shape(0) is { Length: 2 } a && node.Shape(1) is { Length: 2 } b)
        {
            node.Set(0, node.Type(0), [a[node.Node.Int("transA", 0) != 0 ? 1 : 0], b[node.Node.Int("transB", 0) != 0 ? 0 : 1]]);
        }
    }

    private static void Einsum(NodeInference node)
    {
        string[] sides = node.Node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal).Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length != 2 || sides[0].Contains('.', StringComparison.Ordinal))
        {
            return;
        }

        Dictionary<char, OnnxDimension> lengths = [];
        for (int i = 0; i < terms.Length; i++)
        {
            for (int axis = 0; axis < terms[i].Length && node.Shape(i) is { } shape; axis++)
            {
                lengths.TryAdd(terms[i][axis], shape[axis]);
            }
        }

        node.Set(0, node.Type(0), sides[1].Select(letter => lengths.GetValueOrDefault(letter)));
    }

    private static void Convolve(NodeInference node, ImmutableArray<OnnxDimension>? weight, OnnxElementType type)
    {
        if (node.Shape(0) is { } shape && weight is { } kernel)
        {
            node.Set(0, type, [shape[0], kernel[0], .. Slide(node, shape.AsSpan()[2..], [.. kernel.Skip(2).Select(length => length.Length)])]);
        }
    }

    private static void ConvTranspose(NodeInference node)
    {
        if (node.Shape(0) is not { } shape || node.Shape(1) is not { } weight)
        {
            return;
        }

        long groups = node.Node.Int("group", 1);
        string padding = node.Node.Text("auto_pad", "NOTSET");
        IEnumerable<OnnxDimension> spatial = shape.Skip(2).Select((length, i) =>
        {
            if (node.Node.Ints("output_shape") is { } wanted)
            {
                return wanted[i];
            }

            long stride = node.Node.Ints("strides")?[i] ?? 1, dilation = node.Node.Ints("dilations")?[i] ?? 1, extra = node.Node.Ints("output_padding")?[i] ?? 0;
            IReadOnlyList<long>? pads = node.Node.Ints("pads");
            long pad = padding == "VALID" || pads is null ? 0 : pads[i] + pads[i + shape.Length - 2];
            return padding is "SAME_UPPER" or "SAME_LOWER" ? Lengths.Apply(length, n => n * stride)
                : Lengths.Apply(length, weight[i + 2], (n, kernel) => (stride * (n - 1)) + extra + ((kernel - 1) * dilation) + 1 - pad);
        });
        node.Set(0, node.Type(0), [shape[0], Lengths.Apply(weight[1], channels => channels * groups), .. spatial]);
    }

    private static void Pool(NodeInference node)
    {
        if (node.Shape(0) is { } shape && node.Node.Ints("kernel_shape") is { } kernel)
        {
            OnnxDimension[] result = [shape[0], shape[1], .. Slide(node, shape.AsSpan()[2..], [.. kernel.Select(size => (long?)size)])];
            node.Set(0, node.Type(0), result);
            node.Set(1, OnnxElementType.Int64, result);
        }
    }

    private static void Attention(NodeInference node)
    {
        if (node.Shape(0) is not { } query || node.Shape(2) is not { } value)
        {
            return;
        }

        if (query.Length == 4)
        {
            node.Set(0, node.Type(0), [query[0], query[1], query[2], value[3]]);
            return;
        }

        long heads = node.Node.Int("q_num_heads", 1), valueHeads = node.Node.Int("kv_num_heads", heads);
        node.Set(0, node.Type(0), [query[0], query[1], Lengths.Apply(value[2], width => width / valueHeads * heads)]);
    }

    private static void Recurrent(NodeInference node)
    {
        if (node.Shape(0) is not { Length: 3 } shape || node.Node.Find("hidden_size") is not { } hidden)
        {
            return;
        }

        long directions = node.Node.Text("direction", "forward") == "bidirectional" ? 2 : 1;
        bool batchFirst = node.Node.Int("layout", 0) != 0;
        OnnxDimension batch = shape[batchFirst ? 0 : 1], steps = shape[batchFirst ? 1 : 0];
        OnnxDimension[] state = batchFirst ? [batch, directions, hidden.Int] : [directions, batch, hidden.Int];
        node.Set(0, node.Type(0), batchFirst ? [batch, steps, directions, hidden.Int] : [steps, directions, batch, hidden.Int]);
        node.Set(1, node.Type(0), state);
        node.Set(2, node.Type(0), state);
    }
}
