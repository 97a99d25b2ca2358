using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>
/// Finds the types and shapes of all values of a graph. Values that do not depend on the graph's inputs, and shapes that are computed by
/// Shape, Gather, Concat and the like, are followed through.
/// </summary>
public sealed class ShapeInference
{
    /// <summary>Known values above this many bytes are not carried along: shapes depend on small ones.</summary>
    private const long MostKnownBytes = 64 << 10;

    private readonly OpsetImports _opsets;
    private readonly ShapeBindings _bindings;
    private readonly Dictionary<string, InferredValue> _values;
    private readonly Dictionary<OnnxGraph, GraphShapes> _inner = [];
    private readonly FreshNames _fresh;

    private ShapeInference(OpsetImports opsets, ShapeBindings bindings, Dictionary<string, InferredValue> values, FreshNames fresh)
    {
        _opsets = opsets;
        _bindings = bindings;
        _values = values;
        _fresh = fresh;
    }

    /// <summary>Finds types and shapes.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <param name="bindings">What is known of its inputs; nothing when null.</param>
    /// <returns>What is known of each value.</returns>
    /// <exception cref="ModelFileException">A bound shape does not fit its input.</exception>
    public static GraphShapes Run(OnnxModel model, ShapeBindings? bindings = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ShapeBindings given = InputBinding.Complete(model, bindings ?? ShapeBindings.None);
        if (model.Functions.Count > 0)
        {
            model = FunctionInlining.Inline(model);
        }

        ShapeInference inference = new(model.Opsets, given, new Dictionary<string, InferredValue>(StringComparer.Ordinal), new FreshNames());
        return inference.InferGraph(model.Graph, []);
    }

    private GraphShapes InferGraph(OnnxGraph graph, IReadOnlyList<InferredValue?> inputs)
    {
        foreach (OnnxTensor tensor in graph.Initializers)
        {
            _values[tensor.Name] = FromTensor(tensor);
        }

        for (int i = 0; i < graph.Inputs.Count; i++)
        {
            OnnxValue input = graph.Inputs[i];
            if (!graph.Initializers.Contains(input.Name))
            {
                _values[input.Name] = inputs.Count > i && inputs[i] is { } given ? given : FromInput(input);
            }
        }

        Dictionary<string, OnnxValue> told = new(StringComparer.Ordinal);
        foreach (OnnxValue value in graph.Values.Concat(graph.Outputs))
        {
            told[value.Name] = value;
        }

        foreach (OnnxNode node in NodeOrder.Sort(graph.Nodes))
        {
            InferredValue?[] results = Infer(node);
            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i].Length > 0 && Merge(i < results.Length ? results[i] : null, told.GetValueOrDefault(node.Outputs[i])) is { } known)
                {
                    _values[node.Outputs[i]] = known;
                }
            }
        }

        return new GraphShapes(_values, _inner);
    }

    private InferredValue?[] Infer(OnnxNode node)
    {
        InferredValue?[] inputs = [.. node.Inputs.Select(name => name.Length == 0 ? null : _values.GetValueOrDefault(name))];
        if (Evaluate(node, inputs) is { } known)
        {
            return known;
        }

        NodeInference inference = new(node, inputs, _opsets.Version, _fresh);
        if (node.Attributes.Any(attribute => !attribute.Graphs.IsEmpty))
        {
            ControlFlowShapes.Infer(inference, InferInner);
        }
        else
        {
            ShapeRules.Apply(inference);
        }

        return inference.Results;
    }

    private InferredValue[]? Evaluate(OnnxNode node, InferredValue?[] inputs)
    {
        // Only what is small on both sides; a Shape of anything with known axes is a known value too.
        if (node.OpType is "Shape" or "Size" && inputs is [{ Lengths: { } lengths }])
        {
            HostArray outline = new(OnnxElementType.UInt8, [.. lengths], []);
            return node.OpType == "Shape" ? NodeEvaluator.Evaluate(node, [outline], _opsets.Version)?.Select(InferredValue.From).ToArray()
                : [InferredValue.From(HostArray.FromInt64([lengths.Aggregate(1L, (a, b) => a * b)]))];
        }

        if (node.OpType == "ConstantOfShape" && inputs is [{ Known: { } shape }] && shape.ToInt64s().Aggregate(1.0, (a, b) => a * b) > MostKnownBytes / 8)
        {
            return null;
        }

        HostArray?[] arrays = new HostArray?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (node.Inputs[i].Length > 0 && (arrays[i] = inputs[i]?.Known) is null)
            {
                return null;
            }
        }

        if (node.OpType is "Expand" or "Tile" && arrays is [_, { } target] && target.ToInt64s().Aggregate(1.0, (a, b) => a * Math.Max(b, 1)) > MostKnownBytes / 8)
        {
            return null;
        }

        HostArray[]? results = inputs.Length == 0 && node.OpType != "Constant" ? null : NodeEvaluator.Evaluate(node, arrays, _opsets.Version);
        return results?.Select(result => result.Bytes.Length <= MostKnownBytes ? InferredValue.From(result) : WithoutValues(result)).ToArray();
    }

    private GraphShapes InferInner(OnnxGraph graph, IReadOnlyList<InferredValue?> inputs)
    {
        ShapeInference inner = new(_opsets, ShapeBindings.None, new Dictionary<string, InferredValue>(_values, StringComparer.Ordinal), _fresh);
        return _inner[graph] = inner.InferGraph(graph, inputs);
    }

    private static InferredValue WithoutValues(HostArray array) => new(array.Type, [.. array.Dims.Select(OnnxDimension.FromInt64)]);

    private static InferredValue FromTensor(OnnxTensor tensor)
    {
        ImmutableArray<OnnxDimension> shape = [.. tensor.Dimensions.Select(OnnxDimension.FromInt64)];
        if (!HostArray.Supports(tensor.ElementType) || tensor.ByteCount > MostKnownBytes)
        {
            return new InferredValue(tensor.ElementType, shape);
        }

        bool whole = shape.Length <= 1 && tensor.ElementCount <= InferredValue.MostElements && tensor.ElementType is OnnxElementType.Int64 or OnnxElementType.Int32;
        return whole ? InferredValue.From(HostArray.From(tensor)!) : new InferredValue(tensor.ElementType, shape, new Lazy<HostArray?>(() => HostArray.From(tensor)));
    }

    private InferredValue FromInput(OnnxValue input)
    {
        if (_bindings.Values.TryGetValue(input.Name, out OnnxTensor? value))
        {
            return FromTensor(value);
        }

        ImmutableArray<OnnxDimension>? shape = _bindings.Inputs.TryGetValue(input.Name, out ImmutableArray<long> bound)
            ? [.. bound.Select(OnnxDimension.FromInt64)]
            : input.Shape?.Select(axis => axis.Length is null && axis.Name is { } name && _bindings.Axes.TryGetValue(name, out long length) ? length : _fresh.NameOf(axis)).ToImmutableArray();
        return new InferredValue(input.ElementType, shape);
    }

    /// <summary>What a rule found, or else what the file tells.</summary>
    private InferredValue? Merge(InferredValue? found, OnnxValue? told)
    {
        if (told is null || found is { Shape: not null, ElementType: not OnnxElementType.Undefined })
        {
            return found;
        }

        // Names of free axes in the file need not mean the same length; numbers do.
        ImmutableArray<OnnxDimension>? shape = found?.Shape ?? told.Shape?.Select(axis => axis.Length is >= 0 ? axis : _fresh.Next()).ToImmutableArray();
        OnnxElementType type = found?.ElementType is { } known and not OnnxElementType.Undefined ? known : told.ElementType;
        return new InferredValue(type, shape);
    }
}
