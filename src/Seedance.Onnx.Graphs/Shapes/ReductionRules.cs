namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Operators that make one element of many.</summary>
internal static class ReductionRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", Reduce),
        ("ArgMax ArgMin", Arg),
        ("GlobalAveragePool GlobalMaxPool GlobalLpPool", node => node.Set(0, node.Type(0), node.Shape(0)!.Value.Select((length, axis) => axis < 2 ? length : 1))),
    ];

    private static void Reduce(NodeInference node)
    {
        if (node.Shape(0) is not { } shape)
        {
            return;
        }

        bool keep = node.Node.Int("keepdims", 1) != 0;
        if (node.HasIntegers(1, "axes") && node.Integers(1, "axes") is null)
        {
            node.Set(0, node.Type(0), keep ? [.. shape.Select(_ => OnnxDimension.Unknown)] : null);
            return;
        }

        long[] given = node.Integers(1, "axes") ?? [];
        HashSet<int> axes = given.Length > 0 ? [.. given.Select(axis => NodeInference.Axis(axis, shape.Length)!.Value)]
            : node.Node.Int("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, shape.Length)];
        node.Set(0, node.Type(0), shape.Select((length, axis) => (length: axes.Contains(axis) ? 1 : length, kept: keep || !axes.Contains(axis))).Where(axis => axis.kept).Select(axis => axis.length));
    }

    private static void Arg(NodeInference node)
    {
        if (node.Shape(0) is { } shape && NodeInference.Axis(node.Node.Int("axis", 0), shape.Length) is { } axis)
        {
            node.Set(0, OnnxElementType.Int64, node.Node.Int("keepdims", 1) != 0 ? shape.SetItem(axis, 1) : shape.RemoveAt(axis));
        }
    }
}
