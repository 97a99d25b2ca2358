using System.Collections.Immutable;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Operators whose outputs are shaped like their inputs, or like what those broadcast to.</summary>
internal static class ElementwiseRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Round Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf Sigmoid Relu LeakyRelu Elu Selu Celu Gelu "
            + "HardSigmoid HardSwish Mish Softplus Softsign ThresholdedRelu Clip Softmax LogSoftmax Hardmax InstanceNormalization GroupNormalization LpNormalization LRN "
            + "MeanVarianceNormalization Not Sign CumSum Trilu RMSNormalization SimplifiedLayerNormalization Swish Shrink ReverseSequence ScatterND ScatterElements Scatter "
            + "BitwiseNot RotaryEmbedding TensorScatter com.microsoft.QuickGelu com.microsoft.FastGelu com.microsoft.Gelu "
            + "com.microsoft.BiasGelu com.microsoft.RotaryEmbedding com.microsoft.BiasAdd com.microsoft.GroupNorm com.microsoft.BiasSoftmax com.microsoft.BiasDropout", Same),
        ("RandomUniformLike RandomNormalLike Bernoulli EyeLike", node => node.Set(0, (OnnxElementType)node.Node.Int("dtype", (long)node.Type(0)), node.Shape(0))),
        ("Identity", Identity),
        ("Dropout BatchNormalization", Dropout),
        ("LayerNormalization", LayerNormalization),
        ("Cast", Cast),
        ("CastLike", node => node.Set(0, node.Type(1), node.Shape(0))),
        ("IsNaN IsInf", node => node.Set(0, OnnxElementType.Bool, node.Shape(0))),
        ("Add Sub Mul Div Pow Mod And Or Xor BitShift BitwiseAnd BitwiseOr BitwiseXor Min Max Sum Mean PRelu", Broadcast),
        ($"{RowProgram.Domain}.{RowProgram.Operator}", Rows),
        ($"{RowProgram.Domain}.{RowProgram.RotateOperator}", Same),
        ("Less LessOrEqual Greater GreaterOrEqual", node => node.Set(0, OnnxElementType.Bool, BroadcastShape(node))),
        ("Equal", Equal),
        ("Where", Where),
    ];

    internal static ImmutableArray<OnnxDimension>? BroadcastShape(NodeInference node) => Lengths.Broadcast(Enumerable.Range(0, node.InputCount).Select(node.Shape));

    private static void Same(NodeInference node) => node.Set(0, node.Type(0), node.Shape(0));

    private static void Identity(NodeInference node)
    {
        if (node.Results.Length > 0)
        {
            node.Results[0] = node.Input(0);
        }
    }

    private static void Dropout(NodeInference node)
    {
        Same(node);
        for (int i = 1; i < node.Results.Length; i++)
        {
            node.Set(i, node.Node.OpType == "Dropout" ? OnnxElementType.Bool : node.Type(0), node.Node.OpType == "Dropout" ? node.Shape(0) : node.Shape(1));
        }
    }

    private static void LayerNormalization(NodeInference node)
    {
        Same(node);
        if (node.Shape(0) is not { } shape || NodeInference.Axis(node.Node.Int("axis", -1), shape.Length) is not { } axis)
        {
            return;
        }

        for (int i = 1; i < node.Results.Length; i++)
        {
            node.Set(i, OnnxElementType.Float32, shape.Select((length, at) => at < axis ? length : 1));
        }
    }

    private static void Cast(NodeInference node)
    {
        var to = (OnnxElementType)node.Node.Int("to", 0);
        node.Set(0, to, node.Shape(0), to is OnnxElementType.Int64 or OnnxElementType.Int32 ? node.Elements(0) : null);
    }

    private static void Broadcast(NodeInference node)
    {
        ImmutableArray<OnnxDimension>? elements = node.InputCount != 2 ? null : node.Node.OpType switch
        {
            "Add" => Zip(node, (a, b) => Lengths.Sum(a, b)),
            "Sub" => Zip(node, Lengths.Difference),
            "Mul" => Zip(node, (a, b) => Lengths.Product([a, b])),
            "Div" => Zip(node, Lengths.Divide),
            "Max" => Zip(node, (a, b) => Same(a, b) ? a : Lengths.Apply(a, b, Math.Max)),
            "Min" => Zip(node, (a, b) => Same(a, b) ? a : Lengths.Apply(a, b, Math.Min)),
            _ => null,
        };
        node.Set(0, node.Type(0), BroadcastShape(node), elements);
    }

    private static void Rows(NodeInference node)
    {
        RowProgram program = RowProgram.Parse(node.Node.Text(RowProgram.Attribute, ""));
        ImmutableArray<OnnxDimension>?[] shapes = [.. Enumerable.Range(0, node.InputCount).Select(Look)];

        // Rows of angles are half as long.
        OnnxDimension width = shapes.Where(own => own is not null).Select(own => own!.Value[^1]).MaxBy(length => length.Length ?? 0);
        ImmutableArray<OnnxDimension>? shape = Lengths.Broadcast(shapes.Select(own => own is { } known ? (ImmutableArray<OnnxDimension>?)[.. known[..^1], width] : null));
        for (int output = 0; output < node.Results.Length; output++)
        {
            node.Set(output, node.Type(0), shape);
        }

        ImmutableArray<OnnxDimension>? Look(int input) =>
            node.Shape(input) is { } own && program.Views.GetValueOrDefault(input) is { } view ? [.. view.Apply(own.AsSpan(), length => (OnnxDimension)length)] : node.Shape(input);
    }

    private static void Equal(NodeInference node) => node.Set(0, OnnxElementType.Bool, BroadcastShape(node), Zip(node, (a, b) =>
        Same(a, b) ? 1
        // A length is never negative, whatever it is.
        : (a.Length < 0 && Lengths.IsNotNegative(b)) || (b.Length < 0 && Lengths.IsNotNegative(a)) ? 0
        : Lengths.Apply(a, b, (x, y) => x == y ? 1 : 0)));

    private static void Where(NodeInference node)
    {
        ImmutableArray<OnnxDimension>? elements = null;
        if (Full(node.Elements(0) ?? FromKnown(node), node) is { } condition && Full(node.Elements(1), node) is { } yes && Full(node.Elements(2), node) is { } no)
        {
            elements = [.. condition.Select((pick, i) => pick.Length switch { 1 => yes[i], 0 => no[i], _ => Same(yes[i], no[i]) ? yes[i] : OnnxDimension.Unknown })];
        }

        node.Set(0, node.Type(1), BroadcastShape(node), elements);
    }

    private static ImmutableArray<OnnxDimension>? FromKnown(NodeInference node) =>
        node.Known(0) is { Dims.Length: <= 1, Count: <= InferredValue.MostElements } known ? [.. known.ToInt64s().Select(OnnxDimension.FromInt64)] : null;

    /// <summary>Elements of an input, repeated to the number that the output has; null when that is not one axis of known length.</summary>
    private static ImmutableArray<OnnxDimension>? Full(ImmutableArray<OnnxDimension>? elements, NodeInference node) =>
        elements is { } some && BroadcastShape(node) is { } shape && (shape.Length == 0 ? 1 : shape.Length == 1 ? shape[0].Length : null) is { } count
            ? some.Length == count ? some : some.Length == 1 ? [.. Enumerable.Repeat(some[0], (int)count)] : null
            : null;

    private static ImmutableArray<OnnxDimension>? Zip(NodeInference node, Func<OnnxDimension, OnnxDimension, OnnxDimension> apply) =>
        Full(node.Elements(0), node) is { } a && Full(node.Elements(1), node) is { } b ? [.. a.Zip(b, apply)] : null;

    private static bool Same(OnnxDimension a, OnnxDimension b) => a == b && a != OnnxDimension.Unknown;
}
