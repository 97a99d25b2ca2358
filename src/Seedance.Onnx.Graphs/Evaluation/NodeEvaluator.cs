namespace Seedance.Onnx.Graphs.Evaluation;

/// <summary>Computes nodes whose inputs are known. Deterministic operators only, and not all of them: what is not known here is left to the runtime.</summary>
internal sealed class NodeEvaluator
{
    private readonly OnnxNode _node;
    private readonly IReadOnlyList<HostArray?> _inputs;
    private readonly long _opset;

    private NodeEvaluator(OnnxNode node, IReadOnlyList<HostArray?> inputs, long opset)
    {
        _node = node;
        _inputs = inputs;
        _opset = opset;
    }

    /// <summary>Computes a node's outputs.</summary>
    /// <param name="node">The node; of ONNX's own domain.</param>
    /// <param name="inputs">Its inputs in order; null for one that is left out.</param>
    /// <param name="opset">The version of ONNX's own operators.</param>
    /// <returns>The outputs; null when they cannot be computed here, or would fail at run time.</returns>
    public static HostArray[]? Evaluate(OnnxNode node, IReadOnlyList<HostArray?> inputs, long opset)
    {
        if (OpsetImports.Normalize(node.Domain).Length > 0)
        {
            return null;
        }

        NodeEvaluator evaluator = new(node, inputs, opset);
        try
        {
            return node.OpType switch
            {
                "Split" => evaluator.Split(),
                "Constant" => evaluator.Constant() is { } constant ? [constant] : null,
                _ => inputs.Count > 0 && inputs[0] is { } first && evaluator.One(first) is { } result ? [result] : null,
            };
        }
        catch (Exception error) when (error is OverflowException or IndexOutOfRangeException or ArgumentException or InvalidOperationException)
        {
            // A node that cannot run is not folded; the runtime says what is wrong with it.
            return null;
        }
    }

    /// <summary>The value of a Constant node; null when its type is not supported.</summary>
    public static OnnxTensor? ConstantOf(OnnxNode node)
    {
        foreach (OnnxAttribute attribute in node.Attributes.Where(attribute => attribute.Reference.Length == 0))
        {
            switch (attribute.Name)
            {
                case "value": return attribute.Tensors.IsEmpty ? null : attribute.Tensors[0];
                case "value_float": return OnnxTensor.Create<float>("", [attribute.Float]);
                case "value_floats": return OnnxTensor.Create<float>("", [.. attribute.Floats], attribute.Floats.Count);
                case "value_int": return OnnxTensor.Create<long>("", [attribute.Int]);
                case "value_ints": return OnnxTensor.Create<long>("", [.. attribute.Ints], attribute.Ints.Count);
                case "value_string": return OnnxTensor.FromText("", [attribute.Text]);
                case "value_strings": return OnnxTensor.FromText("", [.. attribute.Texts], attribute.Texts.Count);
            }
        }

        return null;
    }

    private HostArray? Constant() => ConstantOf(_node) is { } tensor ? HostArray.From(tensor) : null;

    private HostArray? One(HostArray x) => _node.OpType switch
    {
        "Identity" => x,
        "Cast" => ArrayMath.Cast(x, (OnnxElementType)_node.Int("to", 0)),
        "CastLike" => _inputs[1] is { } like ? ArrayMath.Cast(x, like.Type) : null,
        "Shape" => HostArray.FromInt64([.. ShapeSlice(x.Dims)], ShapeSlice(x.Dims).Length),
        "Size" => HostArray.FromInt64([x.Count]),
        "Reshape" => _inputs[1] is { } target ? Reshape(x, target.ToInt64s()) : null,
        "Flatten" => Flatten(x),
        "Squeeze" => Squeeze(x),
        "Unsqueeze" => Unsqueeze(x),
        "Transpose" => ArrayMoves.Transpose(x, _node.Ints("perm")?.Select(axis => (int)axis).ToArray() ?? [.. Enumerable.Range(0, x.Dims.Length).Reverse()]),
        "Concat" => _inputs.All(input => input?.Type == x.Type) ? ArrayMoves.Concat([.. _inputs.Select(input => input!)], Axis(_node.Int("axis", 0), x.Dims.Length)) : null,
        "Gather" => _inputs[1] is { } indices ? ArrayMoves.Gather(x, indices, Axis(_node.Int("axis", 0), x.Dims.Length)) : null,
        "Slice" => Slice(x),
        "Expand" => _inputs[1] is { } shape && ArrayMoves.Broadcast(x.Dims, shape.ToInt64s()) is { } dims ? ArrayMoves.Expand(x, dims) : null,
        "Tile" => _inputs[1] is { } repeats && repeats.Count == x.Dims.Length ? ArrayMoves.Tile(x, repeats.ToInt64s()) : null,
        "Range" => Range(x),
        "ConstantOfShape" => ConstantOfShape(x),
        "Where" => _inputs[1] is { } yes && _inputs[2] is { } no ? ArrayMath.Where(x, yes, no) : null,
        "Not" => HostArray.FromInt64s(OnnxElementType.Bool, x.Dims, Array.ConvertAll(x.ToInt64s(), value => 1 - value)),
        "MatMul" => _inputs[1] is { } right && x.Count * right.Dims[^1] < 1 << 24 ? ArrayMath.MatMul(x, right) : null,
        "Min" or "Max" when _inputs.Count != 2 => _inputs.Count == 1 ? x : null,
        _ when _node.OpType.StartsWith("Reduce", StringComparison.Ordinal) => Reduce(x),
        _ when ArrayMath.IsUnary(_node.OpType) => ArrayMath.Unary(_node.OpType, x),
        _ when ArrayMath.IsBinary(_node.OpType) && _inputs.Count == 2 && _inputs[1] is { } y && _opset >= 7 => ArrayMath.Binary(_node.OpType, x, y, _node.Int("fmod", 0) != 0),
        _ => null,
    };

    private static int Axis(long axis, int rank)
    {
        long positive = axis < 0 ? axis + rank : axis;
        return positive >= 0 && positive < rank ? (int)positive : throw new ArgumentException($"Axis must be in a tensor of rank {rank}, but is {axis}.", nameof(axis));
    }

    /// <summary>Axes from an input where newer versions have them, or from an attribute; null when neither says.</summary>
    private long[]? Axes(int input) => _inputs.Count > input ? _inputs[input]?.ToInt64s() : _node.Ints("axes")?.ToArray();

    private long[] ShapeSlice(long[] dims)
    {
        (long start, long length) = ArrayMoves.SliceLength(dims.Length, _node.Int("start", 0), _node.Int("end", long.MaxValue), 1)!.Value;
        return dims[(int)start..(int)(start + length)];
    }

    private HostArray? Reshape(HostArray x, long[] target)
    {
        long[] dims = [.. target.Select((length, i) => length == 0 && _node.Int("allowzero", 0) == 0 ? x.Dims[i] : length)];
        int free = Array.IndexOf(dims, -1);
        if (free >= 0)
        {
            long rest = OnnxTensor.Count([.. dims.Where(length => length != -1)]);
            dims[free] = rest == 0 ? 0 : x.Count / rest;
        }

        return OnnxTensor.Count(dims) == x.Count ? x.WithDims(dims) : null;
    }

    private HostArray Flatten(HostArray x)
    {
        long axis = _node.Int("axis", 1);
        int at = (int)(axis < 0 ? axis + x.Dims.Length : axis);
        return x.WithDims(OnnxTensor.Count(x.Dims.AsSpan(0, at)), OnnxTensor.Count(x.Dims.AsSpan(at)));
    }

    private HostArray? Squeeze(HostArray x)
    {
        HashSet<int>? axes = Axes(1)?.Select(axis => Axis(axis, x.Dims.Length)).ToHashSet();
        return axes?.Any(axis => x.Dims[axis] != 1) == true ? null
            : x.WithDims([.. x.Dims.Where((length, axis) => axes is null ? length != 1 : !axes.Contains(axis))]);
    }

    private HostArray? Unsqueeze(HostArray x)
    {
        if (Axes(1) is not { } given)
        {
            return null;
        }

        int rank = x.Dims.Length + given.Length;
        List<long> dims = [.. x.Dims];
        foreach (int axis in given.Select(axis => Axis(axis, rank)).Order())
        {
            dims.Insert(axis, 1);
        }

        return x.WithDims([.. dims]);
    }

    private HostArray? Slice(HostArray x)
    {
        long[]? starts = _opset < 10 ? _node.Ints("starts")?.ToArray() : _inputs[1]?.ToInt64s();
        long[]? ends = _opset < 10 ? _node.Ints("ends")?.ToArray() : _inputs[2]?.ToInt64s();
        if (starts is null || ends is null || starts.Length != ends.Length)
        {
            return null;
        }

        long[] axes = (_opset < 10 ? _node.Ints("axes")?.ToArray() : _inputs.Count > 3 ? _inputs[3]?.ToInt64s() : null) ?? [.. Enumerable.Range(0, starts.Length)];
        long[] steps = (_opset >= 10 && _inputs.Count > 4 ? _inputs[4]?.ToInt64s() : null) ?? [.. starts.Select(_ => 1L)];
        return ArrayMoves.Slice(x, starts, ends, [.. axes.Select(axis => Axis(axis, x.Dims.Length))], steps);
    }

    private HostArray? Range(HostArray start)
    {
        if (_inputs[1] is not { Count: 1 } limit || _inputs[2] is not { Count: 1 } delta)
        {
            return null;
        }

        double step = delta.ToDoubles()[0], first = start.ToDoubles()[0];
        double count = Math.Max(Math.Ceiling((limit.ToDoubles()[0] - first) / step), 0);
        return count <= 1 << 20 ? HostArray.FromDoubles(start.Type, [(long)count], [.. Enumerable.Range(0, (int)count).Select(i => first + (i * step))]) : null;
    }

    private HostArray? ConstantOfShape(HostArray shape)
    {
        OnnxAttribute? value = _node.Find("value");
        HostArray? element = value is null ? HostArray.FromDoubles(OnnxElementType.Float32, [1], [0]) : HostArray.From(value.Tensors[0]);
        return element is { Count: 1 } ? ArrayMoves.Expand(element.WithDims(), shape.ToInt64s()) : null;
    }

    private HostArray? Reduce(HostArray x)
    {
        long[]? given = Axes(1);
        if (given is null or [] && _node.Int("noop_with_empty_axes", 0) != 0)
        {
            return null;
        }

        int[] axes = given is null or [] ? [.. Enumerable.Range(0, x.Dims.Length)] : [.. given.Select(axis => Axis(axis, x.Dims.Length)).Distinct()];
        return ArrayMath.Reduce(_node.OpType, x, axes, _node.Int("keepdims", 1) != 0);
    }

    private HostArray[]? Split()
    {
        if (_inputs[0] is not { } x || (_inputs.Count > 1 && _inputs[1] is null))
        {
            return null;
        }

        int axis = Axis(_node.Int("axis", 0), x.Dims.Length), parts = _node.Outputs.Count;
        long chunk = (x.Dims[axis] + parts - 1) / parts;
        long[] lengths = (_inputs.Count > 1 ? _inputs[1]!.ToInt64s() : _node.Ints("split")?.ToArray())
            ?? [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(x.Dims[axis] - (i * chunk), 0, chunk))];
        var results = new HostArray[parts];
        long at = 0;
        for (int i = 0; i < parts; i++)
        {
            results[i] = ArrayMoves.Slice(x, [at], [at + lengths[i]], [axis], [1])!;
            at += lengths[i];
        }

        return at == x.Dims[axis] ? results : null;
    }
}
