using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>One node while its outputs are inferred: what is known of its inputs, and what was found.</summary>
internal sealed class NodeInference(OnnxNode node, InferredValue?[] inputs, long opset, FreshNames fresh)
{
    public OnnxNode Node => node;

    /// <summary>The version of ONNX's own operators.</summary>
    public long Opset => opset;

    public int InputCount => inputs.Length;

    public InferredValue?[] Results { get; } = new InferredValue?[node.Outputs.Count];

    public InferredValue? Input(int index) => index < inputs.Length ? inputs[index] : null;

    public OnnxElementType Type(int index) => Input(index)?.ElementType ?? OnnxElementType.Undefined;

    public ImmutableArray<OnnxDimension>? Shape(int index) => Input(index)?.Shape;

    public HostArray? Known(int index) => Input(index)?.Known;

    /// <summary>A scalar or list of whole numbers, some of which may be unknown.</summary>
    public ImmutableArray<OnnxDimension>? Elements(int index) => Input(index)?.Elements;

    /// <summary>Whole numbers from an input, or from an attribute where older versions have them; null when neither is known.</summary>
    public long[]? Integers(int input, string attribute) => input < inputs.Length && node.Inputs[input].Length > 0 ? Known(input)?.ToInt64s() : node.Ints(attribute)?.ToArray();

    /// <summary>Whether <see cref="Integers"/> would find something, known or not.</summary>
    public bool HasIntegers(int input, string attribute) => (input < inputs.Length && node.Inputs[input].Length > 0) || node.Ints(attribute) is not null;

    public OnnxDimension Unknown() => fresh.Next();

    /// <summary>Notes what an output is; unknown lengths get names.</summary>
    public void Set(int output, OnnxElementType type, ImmutableArray<OnnxDimension>? shape, ImmutableArray<OnnxDimension>? elements = null)
    {
        if (output >= Results.Length)
        {
            return;
        }

        // Followed through to the last element: as good as a constant.
        bool whole = elements is { } all && all.All(element => element.Length is not null) && type is OnnxElementType.Int64 or OnnxElementType.Int32;
        long[] values = whole ? [.. elements!.Value.Select(element => element.Length!.Value)] : [];
        Results[output] = whole
            ? InferredValue.From(HostArray.FromInt64s(type, shape is { Length: 0 } ? [] : [values.Length], values))
            : new InferredValue(type, shape is { } axes ? [.. axes.Select(fresh.NameOf)] : null, null, elements);
    }

    public void Set(int output, OnnxElementType type, IEnumerable<OnnxDimension> shape) => Set(output, type, [.. shape]);

    /// <summary>A position on an axis, counted from the end when negative; null when it is outside.</summary>
    public static int? Axis(long axis, int rank)
    {
        long positive = axis < 0 ? axis + rank : axis;
        return positive >= 0 && positive < rank ? (int)positive : null;
    }
}
