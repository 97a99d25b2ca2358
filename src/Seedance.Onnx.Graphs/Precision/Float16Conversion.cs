using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>
/// Makes half precision of single precision inside a graph. Nodes that stay get casts around them, each value one in each direction; inputs and
/// outputs of the graph stay as they are.
/// </summary>
public sealed class Float16Conversion
{
    /// <summary>The largest finite number of half precision.</summary>
    public const float Largest = 65504;

    /// <summary>2⁻²⁴: smaller numbers, the ε of a normalisation above all, would become 0.</summary>
    private const float Smallest = 5.9604645e-8f;

    private readonly OnnxModel _model;
    private readonly GraphShapes _shapes;
    private readonly NameSource _names;
    private readonly HashSet<string> _half = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Value, bool ToHalf), string> _casts = [];
    private readonly List<OnnxNode> _nodes = [];

    private Float16Conversion(OnnxModel model)
    {
        _model = model;
        _shapes = ShapeInference.Run(model);
        _names = new NameSource(model.Graph);
    }

    /// <summary>Operators that always stay in single precision: those that have no half precision, and those that count or index with their numbers.</summary>
    public static ImmutableHashSet<string> KeptOperators { get; } =
    [
        "Range", "CumSum", "Resize", "Upsample", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
        "NonMaxSuppression", "GridSample", "DFT", "STFT", "If", "Loop", "Scan", "DynamicQuantizeMatMul", "MatMulNBits", "MatMulIntegerToFloat", "ArrayFeatureExtractor", "Multinomial", "Bernoulli",
    ];

    internal static void Convert(OnnxModel model, PrecisionOptions options, NodeFilter filter, List<string> converted, List<string> kept, CancellationToken cancellationToken)
    {
        Float16Conversion conversion = new(model);
        foreach (OnnxNode node in NodeOrder.Sort(model.Graph.Nodes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool has = node.Inputs.Concat(node.Outputs).Any(conversion.IsSingle);
            bool asked = options.KeepOperators.Contains(node.OpType) || filter.Matches(node.Name);
            bool stays = asked || KeptOperators.Contains(node.OpType) || !OpsetImports.IsKnown(node.Domain) || node.Domain is "ai.onnx.contrib" or "ai.onnx.ml";
            if (has)
            {
                (stays ? kept : converted).Add(node.Name);
            }

            conversion.Add(node, !has || stays);
        }

        conversion.Finish();
    }

    /// <summary>Whether a value was of single precision before.</summary>
    private bool IsSingle(string value) => value.Length > 0 && _shapes.Find(value)?.ElementType == OnnxElementType.Float32;

    private void Add(OnnxNode node, bool stays)
    {
        foreach (OnnxGraph inner in node.Subgraphs)
        {
            HashSet<string> free = [.. NodeOrder.ValuesReadBy(node)];
            NodeNames.Rename(inner, name => free.Contains(name) && IsSingle(name) ? In(name, half: false) : name);
        }

        for (int i = 0; i < node.Inputs.Count; i++)
        {
            if (IsSingle(node.Inputs[i]))
            {
                node.Inputs[i] = In(node.Inputs[i], !stays);
            }
        }

        if (!stays)
        {
            _half.UnionWith(node.Outputs.Where(IsSingle));
            Retype(node);
        }

        _nodes.Add(node);
    }

    /// <summary>The value in the precision that a node wants.</summary>
    private string In(string value, bool half)
    {
        if (_half.Contains(value) == half)
        {
            return value;
        }

        if (_casts.TryGetValue((value, half), out string? known))
        {
            return known;
        }

        string name = _casts[(value, half)] = _names.Next($"{value}/{(half ? "float16" : "float32")}");
        if (half && _model.Graph.Initializers.TryFind(value, out OnnxTensor? tensor))
        {
            _model.Graph.Initializers.Set(ToHalf(tensor).WithName(name));
        }
        else
        {
            OnnxElementType to = half ? OnnxElementType.Float16 : OnnxElementType.Float32;
            _nodes.Add(new OnnxNode("Cast", [value], [name], _names.Next($"{value}/Cast"), "", OnnxAttribute.Create("to", (long)to)));
        }

        return name;
    }

    /// <summary>What a node says of the type of what it makes.</summary>
    private static void Retype(OnnxNode node)
    {
        foreach (OnnxAttribute attribute in node.Attributes.ToList())
        {
            if (node.OpType is "Cast" or "EyeLike" && attribute.Name is "to" or "dtype" && attribute.Int == (long)OnnxElementType.Float32)
            {
                node.Set(OnnxAttribute.Create(attribute.Name, (long)OnnxElementType.Float16));
            }
            else if (node.OpType is "Constant" or "ConstantOfShape" && attribute.Name == "value" && attribute.Tensors is [{ ElementType: OnnxElementType.Float32 } value])
            {
                node.Set(OnnxAttribute.Create("value", ToHalf(value)));
            }
            else if (node.OpType == "Constant" && attribute.Name is "value_float" or "value_floats")
            {
                node.Remove(attribute.Name);
                node.Set(OnnxAttribute.Create("value", ToHalf(NodeEvaluator.ConstantOf(new OnnxNode("Constant", [], [], "", "", attribute))!)));
            }
        }
    }

    private void Finish()
    {
        foreach (OnnxValue output in _model.Graph.Outputs.Where(output => _half.Contains(output.Name)))
        {
            // What made the output makes a value of another name, and a Cast makes the output.
            string inside = _names.Next($"{output.Name}/float16");
            foreach (OnnxNode node in _nodes)
            {
                Replace(node.Outputs, output.Name, inside);
                Replace(node.Inputs, output.Name, inside);
            }

            _nodes.Add(new OnnxNode("Cast", [inside], [output.Name], _names.Next($"{output.Name}/Cast"), "", OnnxAttribute.Create("to", (long)OnnxElementType.Float32)));
        }

        _model.Graph.ReplaceNodes(_nodes);
        _model.Graph.Values.Clear();
    }

    private static void Replace(IList<string> names, string from, string to)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = names[i] == from ? to : names[i];
        }
    }

    private static OnnxTensor ToHalf(OnnxTensor tensor)
    {
        float[] values = tensor.ToArray<float>();
        return OnnxTensor.Create<Half>(tensor.Name, Array.ConvertAll(values, ToHalf), tensor.Dimensions.AsSpan());
    }

    /// <summary>Finite numbers stay finite, and others than 0 stay others.</summary>
    private static Half ToHalf(float value) =>
        !float.IsFinite(value) ? (Half)value
        : value != 0 && MathF.Abs(value) < Smallest ? (Half)MathF.CopySign(Smallest, value)
        : (Half)Math.Clamp(value, -Largest, Largest);
}
