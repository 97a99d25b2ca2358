using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Operators that keep all elements and arrange them anew.</summary>
internal static class MovementRules
{
    public static IEnumerable<(string, Action<NodeInference>)> All =>
    [
        ("Shape", Shape),
        ("Size", node => node.Set(0, OnnxElementType.Int64, [], node.Shape(0) is { } shape ? [Lengths.Product(shape)] : null)),
        ("Reshape", Reshape),
        ("Flatten", Flatten),
        ("Squeeze", Squeeze),
        ("Unsqueeze", Unsqueeze),
        ("Transpose", Transpose),
        ("Concat", Concat),
        ("Expand", Expand),
        ("Tile", Tile),
        ("Pad", Pad),
        ("DepthToSpace", node => Blocks(node, block => block)),
        ("SpaceToDepth", node => Blocks(node, block => -block)),
    ];

    private static void Shape(NodeInference node)
    {
        ImmutableArray<OnnxDimension>? part = null;
        if (node.Shape(0) is { } shape)
        {
            (long start, long length) = Evaluation.ArrayMoves.SliceLength(shape.Length, node.Node.Int("start", 0), node.Node.Int("end", long.MaxValue), 1)!.Value;
            part = [.. shape.Skip((int)start).Take((int)length)];
        }

        node.Set(0, OnnxElementType.Int64, [part is { } known ? known.Length : OnnxDimension.Unknown], part);
    }

    private static void Reshape(NodeInference node)
    {
        ImmutableArray<OnnxDimension>? target = node.Elements(1) ?? node.Known(1)?.ToInt64s().Select(OnnxDimension.FromInt64).ToImmutableArray()
            ?? (node.Opset < 5 ? node.Node.Ints("shape")?.Select(OnnxDimension.FromInt64).ToImmutableArray() : null);
        if (target is not { } wanted)
        {
            long? rank = node.Shape(1) is [{ Length: { } count }] ? count : null;
            node.Set(0, node.Type(0), rank is { } axes and < 32 ? [.. Enumerable.Repeat(OnnxDimension.Unknown, (int)axes)] : null);
            return;
        }

        ImmutableArray<OnnxDimension>? source = node.Shape(0);
        bool copiesZero = node.Node.Int("allowzero", 0) == 0;
        OnnxDimension[] shape = [.. wanted.Select((length, i) => length.Length == 0 && copiesZero ? (source is { } axes ? axes[i] : OnnxDimension.Unknown) : length)];
        int free = Array.FindIndex(shape, length => length.Length == -1);
        // One length that is not known, with everything around it known, is as good as a free one.
        int open = free >= 0 || shape.Count(length => length == OnnxDimension.Unknown) != 1 ? free : Array.IndexOf(shape, OnnxDimension.Unknown);
        if (open >= 0)
        {
            shape[open] = source is { } from ? Lengths.Quotient(from, shape.Where((_, i) => i != open)) : OnnxDimension.Unknown;
        }

        node.Set(0, node.Type(0), [.. shape], shape.Length <= 1 ? node.Elements(0) : null);
    }

    private static void Flatten(NodeInference node)
    {
        if (node.Shape(0) is not { } shape)
        {
            return;
        }

        long axis = node.Node.Int("axis", 1);
        int at = (int)(axis < 0 ? axis + shape.Length : axis);
        node.Set(0, node.Type(0), [Lengths.Product(shape.Take(at)), Lengths.Product(shape.Skip(at))]);
    }

    private static void Squeeze(NodeInference node)
    {
        if (node.Shape(0) is not { } shape || (node.HasIntegers(1, "axes") && node.Integers(1, "axes") is null))
        {
            return;
        }

        HashSet<int>? axes = node.Integers(1, "axes")?.Select(axis => NodeInference.Axis(axis, shape.Length) ?? -1).ToHashSet();
        // Without axes every axis of length 1 goes, so that all must be known.
        if (axes is not null || shape.All(length => length.Length is not null))
        {
            node.Set(0, node.Type(0), [.. shape.Where((length, axis) => axes is null ? length.Length != 1 : !axes.Contains(axis))], node.Elements(0));
        }
    }

    private static void Unsqueeze(NodeInference node)
    {
        if (node.Shape(0) is not { } shape || node.Integers(1, "axes") is not { } given)
        {
            return;
        }

        List<OnnxDimension> axes = [.. shape];
        foreach (int axis in given.Select(axis => NodeInference.Axis(axis, shape.Length + given.Length)!.Value).Order())
        {
            axes.Insert(axis, 1);
        }

        node.Set(0, node.Type(0), [.. axes], axes.Count <= 1 ? node.Elements(0) : null);
    }

    private static void Transpose(NodeInference node)
    {
        if (node.Shape(0) is { } shape)
        {
            IEnumerable<int> order = node.Node.Ints("perm")?.Select(axis => (int)axis) ?? Enumerable.Range(0, shape.Length).Reverse();
            node.Set(0, node.Type(0), order.Select(axis => shape[axis]));
        }
    }

    private static void Concat(NodeInference node)
    {
        ImmutableArray<OnnxDimension>?[] shapes = [.. Enumerable.Range(0, node.InputCount).Select(node.Shape)];
        if (shapes.FirstOrDefault(shape => shape is not null) is not { } first || NodeInference.Axis(node.Node.Int("axis", 0), first.Length) is not { } axis)
        {
            return;
        }

        IEnumerable<OnnxDimension> lengths = first.Select((_, at) => at == axis
            ? Lengths.Sum(shapes.Select(shape => shape is { } axes ? axes[at] : OnnxDimension.Unknown))
            // All are equal here: a known one says the most, a named one more than nothing.
            : shapes.Where(shape => shape is not null).Select(shape => shape!.Value[at]).OrderBy(length => length.Length is null).ThenBy(length => length == OnnxDimension.Unknown).First());
        ImmutableArray<OnnxDimension>?[] elements = [.. Enumerable.Range(0, node.InputCount).Select(i => node.Elements(i) ?? Unknowns(shapes[i]))];
        bool list = first.Length == 1 && elements.All(part => part is not null) && elements.Sum(part => part!.Value.Length) <= InferredValue.MostElements;
        node.Set(0, node.Type(0), [.. lengths], list && node.Type(0) is OnnxElementType.Int64 or OnnxElementType.Int32 ? [.. elements.SelectMany(part => part!.Value)] : null);
    }

    /// <summary>As many unknown elements as a list has.</summary>
    private static ImmutableArray<OnnxDimension>? Unknowns(ImmutableArray<OnnxDimension>? shape) =>
        shape is [{ Length: { } count and <= InferredValue.MostElements }] ? [.. Enumerable.Repeat(OnnxDimension.Unknown, (int)count)] : null;

    private static void Expand(NodeInference node)
    {
        if (node.Elements(1) is { } target)
        {
            node.Set(0, node.Type(0), Lengths.Broadcast(node.Shape(0), target));
        }
        else if (node.Shape(0) is { } shape && node.Shape(1) is [{ Length: { } rank and < 32 }])
        {
            node.Set(0, node.Type(0), Enumerable.Repeat(OnnxDimension.Unknown, Math.Max(shape.Length, (int)rank)));
        }
    }

    private static void Tile(NodeInference node)
    {
        if (node.Shape(0) is { } shape)
        {
            ImmutableArray<OnnxDimension>? repeats = node.Elements(1);
            node.Set(0, node.Type(0), shape.Select((length, axis) => repeats is { } known ? Lengths.Product([length, known[axis]]) : OnnxDimension.Unknown));
        }
    }

    private static void Pad(NodeInference node)
    {
        if (node.Shape(0) is not { } shape)
        {
            return;
        }

        ImmutableArray<OnnxDimension>? pads = node.InputCount > 1 ? node.Elements(1) : node.Node.Ints("pads")?.Select(OnnxDimension.FromInt64).ToImmutableArray();
        long[]? given = node.InputCount > 3 && node.Node.Inputs[3].Length > 0 ? node.Known(3)?.ToInt64s() : [.. Enumerable.Range(0, shape.Length)];
        OnnxDimension[] lengths = [.. shape];
        if (pads is not { } known || given is null)
        {
            node.Set(0, node.Type(0), Enumerable.Repeat(OnnxDimension.Unknown, shape.Length));
            return;
        }

        for (int i = 0; i < given.Length; i++)
        {
            int axis = NodeInference.Axis(given[i], shape.Length)!.Value;
            lengths[axis] = Lengths.Sum([lengths[axis], known[i], known[i + given.Length]]);
        }

        node.Set(0, node.Type(0), lengths);
    }

    private static void Blocks(NodeInference node, Func<long, long> direction)
    {
        if (node.Shape(0) is not [var batch, var channels, var height, var width])
        {
            return;
        }

        long block = direction(node.Node.Int("blocksize", 1));
        node.Set(0, node.Type(0), block > 0
            ? [batch, Lengths.Apply(channels, c => c / (block * block)), Lengths.Apply(height, h => h * block), Lengths.Apply(width, w => w * block)]
            : [batch, Lengths.Apply(channels, c => c * block * block), Lengths.Apply(height, h => h / -block), Lengths.Apply(width, w => w / -block)]);
    }
}
