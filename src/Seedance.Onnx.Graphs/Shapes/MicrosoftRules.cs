using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>ONNX Runtime's own operators, those above all that the passes here make.</summary>
internal static class MicrosoftRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("com.microsoft.MultiHeadAttention", MultiHeadAttention),
        ("com.microsoft.SkipLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization", SkipNormalization),
        ("com.microsoft.DynamicQuantizeMatMul com.microsoft.MatMulIntegerToFloat", Product),
        ("com.microsoft.FusedMatMul", FusedMatMul),
        ("com.microsoft.MatMulNBits", node => node.Set(0, node.Type(0), node.Shape(0)!.Value.SetItem(node.Shape(0)!.Value.Length - 1, node.Node.Int("N", 0)))),
    ];

    private static void MultiHeadAttention(NodeInference node)
    {
        if (node.Shape(0) is not { Length: 3 } query)
        {
            return;
        }

        long heads = node.Node.Int("num_heads", 1);
        OnnxDimension width = node.Shape(2) switch
        {
            { Length: 4 } value => Lengths.Apply(value[3], size => size * heads),
            { Length: 3 } value => value[2],
            _ => query[2],
        };
        node.Set(0, node.Type(0), [query[0], query[1], width]);
    }

    private static void SkipNormalization(NodeInference node)
    {
        node.Set(0, node.Type(0), node.Shape(0));
        node.Set(3, node.Type(0), node.Shape(0));
    }

    private static void Product(NodeInference node)
    {
        // Type of the scale: the numbers that come out are of it.
        OnnxElementType type = node.Node.OpType == "DynamicQuantizeMatMul" ? node.Type(0) : node.Type(2);
        node.Set(0, type, LinearRules.MatMulShape(node.Shape(0), node.Shape(1)));
    }

    private static void FusedMatMul(NodeInference node) =>
        node.Set(0, node.Type(0), LinearRules.MatMulShape(Turned(node.Shape(0), node.Node.Int("transA", 0)), Turned(node.Shape(1), node.Node.Int("transB", 0))));

    private static ImmutableArray<OnnxDimension>? Turned(ImmutableArray<OnnxDimension>? shape, long turn) =>
        turn != 0 && shape is { Length: >= 2 } axes ? [.. axes[..^2], axes[^1], axes[^2]] : shape;
}
