using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Operators that make values from little, and conversions between number formats.</summary>
internal static class CreationRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("Constant", Constant),
        ("ConstantOfShape", ConstantOfShape),
        ("Range", Range),
        ("RandomNormal RandomUniform", node => node.Set(0, (OnnxElementType)node.Node.Int("dtype", 1), node.Node.Ints("shape")!.Select(OnnxDimension.FromInt64))),
        ("QuantizeLinear", node => node.Set(0, node.Input(2)?.ElementType ?? (OnnxElementType)node.Node.Int("output_dtype", (long)OnnxElementType.UInt8), node.Shape(0))),
        ("DequantizeLinear", node => node.Set(0, node.Type(1), node.Shape(0))),
        ("DynamicQuantizeLinear", DynamicQuantize),
    ];

    private static void Constant(NodeInference node)
    {
        if (NodeEvaluator.ConstantOf(node.Node) is { } tensor)
        {
            node.Set(0, tensor.ElementType, tensor.Dimensions.Select(OnnxDimension.FromInt64));
        }
    }

    private static void ConstantOfShape(NodeInference node)
    {
        OnnxElementType type = node.Node.Find("value")?.Tensors[0].ElementType ?? OnnxElementType.Float32;
        ImmutableArray<OnnxDimension>? shape = node.Elements(0)
            ?? (node.Shape(0) is [{ Length: { } rank and < 32 }] ? [.. Enumerable.Repeat(OnnxDimension.Unknown, (int)rank)] : null);
        node.Set(0, type, shape);
    }

    private static void Range(NodeInference node)
    {
        OnnxDimension length = node.Elements(0) is [{ Length: 0 }] && node.Elements(2) is [{ Length: 1 }] && node.Elements(1) is [var limit] ? limit : OnnxDimension.Unknown;
        node.Set(0, node.Type(0), [length]);
    }

    private static void DynamicQuantize(NodeInference node)
    {
        node.Set(0, OnnxElementType.UInt8, node.Shape(0));
        node.Set(1, OnnxElementType.Float32, []);
        node.Set(2, OnnxElementType.UInt8, []);
    }
}
