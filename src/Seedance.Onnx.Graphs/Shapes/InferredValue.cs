using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>What is known of a value before a graph runs. Immutable.</summary>
public sealed class InferredValue
{
    /// <summary>Lists of whole numbers longer than this are no shapes, and are not followed.</summary>
    internal const int MostElements = 64;

    private readonly Lazy<HostArray?> _known;

    internal InferredValue(OnnxElementType elementType, ImmutableArray<OnnxDimension>? shape, Lazy<HostArray?>? known = null, ImmutableArray<OnnxDimension>? elements = null)
    {
        ElementType = elementType;
        Shape = shape;
        _known = known ?? new Lazy<HostArray?>((HostArray?)null);
        Elements = elements;
    }

    /// <summary>The type of its elements; <see cref="OnnxElementType.Undefined"/> when that is not known.</summary>
    public OnnxElementType ElementType { get; }

    /// <summary>Its axes, outermost first; null when not even their number is known. An axis of unknown length has a name; equal names are equal lengths.</summary>
    public ImmutableArray<OnnxDimension>? Shape { get; }

    /// <summary>The length of each axis; null unless all are known.</summary>
    public ImmutableArray<long>? Lengths => Shape is { } shape && shape.All(axis => axis.Length is not null) ? [.. shape.Select(axis => axis.Length!.Value)] : null;

    /// <summary>How many elements it has; null unless all axes are known.</summary>
    public long? ElementCount => Lengths is { } lengths ? lengths.Aggregate(1L, (a, b) => a * b) : null;

    /// <summary>How many bytes its elements take; null unless all axes are known, and for text.</summary>
    public long? ByteCount => ElementCount is { } count && ElementType.Bits() > 0 ? ElementType.BytesFor(count) : null;

    /// <summary>Its elements, when they do not depend on what the graph is given.</summary>
    internal HostArray? Known => _known.Value;

    /// <summary>A scalar or a list of whole numbers of which some may depend on what the graph is given: a shape, mostly.</summary>
    internal ImmutableArray<OnnxDimension>? Elements { get; }

    internal static InferredValue From(HostArray array)
    {
        bool whole = array.Dims.Length <= 1 && array.Count <= MostElements && array.Type is OnnxElementType.Int64 or OnnxElementType.Int32;
        return new InferredValue(array.Type, [.. array.Dims.Select(OnnxDimension.FromInt64)], new Lazy<HostArray?>(array),
            whole ? [.. array.ToInt64s().Select(OnnxDimension.FromInt64)] : null);
    }

    /// <summary>Type and shape: "float32 [2, S, 64]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Shape is { } shape ? $"{ElementType.ToName()} [{string.Join(", ", shape)}]" : $"{ElementType.ToName()} of any rank";
}
