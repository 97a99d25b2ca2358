using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Operators that pick some of the elements.</summary>
internal static class SelectionRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("Gather", Gather),
        ("GatherElements", node => node.Set(0, node.Type(0), node.Shape(1))),
        ("GatherND", GatherND),
        ("Slice", Slice),
        ("Split", Split),
        ("TopK", TopK),
        ("OneHot", OneHot),
        ("NonZero", node => node.Set(0, OnnxElementType.Int64, [node.Shape(0) is { } shape ? shape.Length : OnnxDimension.Unknown, OnnxDimension.Unknown])),
        ("Compress Unique", node => node.Set(0, node.Type(0), node.Node.Find("axis") is null ? [OnnxDimension.Unknown] : null)),
        ("NonMaxSuppression", node => node.Set(0, OnnxElementType.Int64, [OnnxDimension.Unknown, 3])),
        ("Resize Upsample", Resize),
    ];

    private static void Gather(NodeInference node)
    {
        if (node.Shape(0) is not { } shape || node.Shape(1) is not { } indices || NodeInference.Axis(node.Node.Int("axis", 0), shape.Length) is not { } axis)
        {
            return;
        }

        ImmutableArray<OnnxDimension>? elements = null;
        if (node.Elements(0) is { } list && shape.Length == 1 && node.Known(1) is { Count: <= InferredValue.MostElements, Dims.Length: <= 1 } picks)
        {
            elements = [.. picks.ToInt64s().Select(pick => list[(int)(pick < 0 ? pick + list.Length : pick)])];
        }

        node.Set(0, node.Type(0), [.. shape.Take(axis), .. indices, .. shape.Skip(axis + 1)], elements);
    }

    private static void GatherND(NodeInference node)
    {
        if (node.Shape(0) is { } shape && node.Shape(1) is { } indices && indices[^1].Length is { } depth)
        {
            int batch = (int)node.Node.Int("batch_dims", 0);
            node.Set(0, node.Type(0), [.. indices.Take(indices.Length - 1), .. shape.Skip(batch + (int)depth)]);
        }
    }

    private static void Slice(NodeInference node)
    {
        if (node.Shape(0) is not { } shape)
        {
            return;
        }

        bool attributes = node.Opset < 10;
        ImmutableArray<OnnxDimension>? starts = attributes ? Numbers(node.Node.Ints("starts")) : node.Elements(1), ends = attributes ? Numbers(node.Node.Ints("ends")) : node.Elements(2);
        long[]? axes = attributes ? node.Node.Ints("axes")?.ToArray() : HasInput(node, 3) ? node.Known(3)?.ToInt64s() : null;
        long[]? steps = !attributes && HasInput(node, 4) ? node.Known(4)?.ToInt64s() : null;
        if (!attributes && ((HasInput(node, 3) && axes is null) || (HasInput(node, 4) && steps is null) || (axes is null && starts is null)))
        {
            node.Set(0, node.Type(0), Enumerable.Repeat(OnnxDimension.Unknown, shape.Length));
            return;
        }

        axes ??= [.. Enumerable.Range(0, starts!.Value.Length)];
        OnnxDimension[] lengths = [.. shape];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = NodeInference.Axis(axes[i], shape.Length)!.Value;
            lengths[axis] = Length(shape[axis], starts?[i] ?? OnnxDimension.Unknown, ends?[i] ?? OnnxDimension.Unknown, steps?[i] ?? 1);
        }

        ImmutableArray<OnnxDimension>? elements = null;
        if (node.Elements(0) is { } list && shape.Length == 1 && axes.Length == 1 && starts?[0].Length is { } from && ends?[0].Length is { } to
            && ArrayMoves.SliceLength(list.Length, from, to, steps?[0] ?? 1) is var (first, count))
        {
            elements = [.. Enumerable.Range(0, (int)count).Select(i => list[(int)(first + (i * (steps?[0] ?? 1)))])];
        }

        node.Set(0, node.Type(0), [.. lengths], elements);
    }

    private static OnnxDimension Length(OnnxDimension dimension, OnnxDimension start, OnnxDimension end, long step)
    {
        if (step == 1 && start.Length == 0 && (end == dimension || end.Length >= int.MaxValue))
        {
            return dimension;
        }

        if (dimension.Length is { } length)
        {
            return start.Length is { } from && end.Length is { } to && ArrayMoves.SliceLength(length, from, to, step) is var (_, count) ? count : OnnxDimension.Unknown;
        }

        // The last n of a length that is not known are not always n, but with a slice that a model makes they are.
        return OnnxDimension.Unknown;
    }

    private static void Split(NodeInference node)
    {
        int parts = node.Results.Length;
        if (node.Shape(0) is not { } shape || NodeInference.Axis(node.Node.Int("axis", 0), shape.Length) is not { } axis)
        {
            return;
        }

        bool given = node.HasIntegers(1, "split");
        ImmutableArray<OnnxDimension>? lengths = HasInput(node, 1) ? node.Elements(1) : Numbers(node.Node.Ints("split"));
        long? chunk = (shape[axis].Length + parts - 1) / parts;
        for (int i = 0; i < parts; i++)
        {
            OnnxDimension length = given ? lengths?[i] ?? OnnxDimension.Unknown
                : chunk is { } equal ? Math.Clamp(shape[axis].Length!.Value - (i * equal), 0, equal) : OnnxDimension.Unknown;
            node.Set(i, node.Type(0), shape.SetItem(axis, length));
        }
    }

    private static void TopK(NodeInference node)
    {
        if (node.Shape(0) is { } shape && NodeInference.Axis(node.Node.Int("axis", -1), shape.Length) is { } axis)
        {
            OnnxDimension count = HasInput(node, 1) ? node.Elements(1) is [var known] ? known : OnnxDimension.Unknown : node.Node.Int("k", 0);
            node.Set(0, node.Type(0), shape.SetItem(axis, count));
            node.Set(1, OnnxElementType.Int64, shape.SetItem(axis, count));
        }
    }

    private static void OneHot(NodeInference node)
    {
        if (node.Shape(0) is { } shape && NodeInference.Axis(node.Node.Int("axis", -1), shape.Length + 1) is { } axis)
        {
            node.Set(0, node.Type(2), shape.Insert(axis, node.Known(1)?.ToInt64s() is [var depth] ? depth : OnnxDimension.Unknown));
        }
    }

    private static void Resize(NodeInference node)
    {
        if (node.Shape(0) is not { } shape)
        {
            return;
        }

        bool upsample = node.Node.OpType == "Upsample" || node.Opset < 11;
        double[]? scales = node.Known(upsample ? 1 : 2)?.ToDoubles() ?? (upsample ? node.Node.Find("scales")?.Floats.Select(scale => (double)scale).ToArray() : null);
        ImmutableArray<OnnxDimension>? sizes = upsample ? null : node.Elements(3);
        int[] axes = node.Node.Ints("axes")?.Select(axis => NodeInference.Axis(axis, shape.Length)!.Value).ToArray() ?? [.. Enumerable.Range(0, shape.Length)];
        string policy = node.Node.Text("keep_aspect_ratio_policy", "stretch");
        OnnxDimension[] lengths = [.. shape];
        for (int i = 0; i < axes.Length; i++)
        {
            lengths[axes[i]] = scales is { Length: > 0 } ? (scales[i] == 1 ? shape[axes[i]] : Lengths.Apply(shape[axes[i]], length => (long)Math.Floor(length * scales[i])))
                : sizes is { } wanted && policy == "stretch" ? wanted[i] : OnnxDimension.Unknown;
        }

        node.Set(0, node.Type(0), lengths);
    }

    private static bool HasInput(NodeInference node, int index) => node.Node.Input(index).Length > 0;

    private static ImmutableArray<OnnxDimension>? Numbers(IReadOnlyList<long>? values) => values is null ? null : [.. values.Select(OnnxDimension.FromInt64)];
}
