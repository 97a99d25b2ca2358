using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs;

/// <summary>The name and type of a value that flows along an edge of a graph. Immutable.</summary>
public sealed class OnnxValue
{
    private readonly ValueInfoProto _message;

    /// <summary>Describes a tensor.</summary>
    /// <param name="name">The value's name.</param>
    /// <param name="elementType">The type of its elements; <see cref="OnnxElementType.Undefined"/> says nothing, not even that it is a tensor.</param>
    /// <param name="shape">Its axes, outermost first; none for a scalar.</param>
    public OnnxValue(string name, OnnxElementType elementType, params ReadOnlySpan<OnnxDimension> shape)
        : this(Describe(name, elementType, shape))
    {
    }

    internal OnnxValue(ValueInfoProto message)
    {
        _message = message;
        if (message.Type is { } type)
        {
            (ElementType, Shape) = type.ValueCase switch
            {
                TypeProto.ValueOneofCase.TensorType => ((OnnxElementType)type.TensorType.ElemType, ShapeOf(type.TensorType.Shape)),
                TypeProto.ValueOneofCase.SparseTensorType => ((OnnxElementType)type.SparseTensorType.ElemType, ShapeOf(type.SparseTensorType.Shape)),
                _ => (OnnxElementType.Undefined, null),
            };
        }
    }

    /// <summary>The value's name.</summary>
    public string Name => _message.Name;

    /// <summary>The type of its elements; <see cref="OnnxElementType.Undefined"/> when it is no tensor, or the file does not say.</summary>
    public OnnxElementType ElementType { get; }

    /// <summary>Its axes, outermost first; null when it is no tensor, or the file does not even say how many there are.</summary>
    public ImmutableArray<OnnxDimension>? Shape { get; }

    internal ValueInfoProto Message => _message;

    /// <summary>The same type under another name.</summary>
    /// <param name="name">The new name.</param>
    /// <returns>A new value.</returns>
    public OnnxValue WithName(string name)
    {
        ValueInfoProto message = _message.Clone();
        message.Name = name;
        return new OnnxValue(message);
    }

    /// <summary>The same name with another element type and the same shape.</summary>
    /// <param name="elementType">The new type.</param>
    /// <returns>A new value.</returns>
    public OnnxValue WithElementType(OnnxElementType elementType)
    {
        ValueInfoProto message = _message.Clone();
        message.Type ??= new TypeProto();
        message.Type.TensorType ??= new TypeProto.Types.Tensor();
        message.Type.TensorType.ElemType = (int)elementType;
        return new OnnxValue(message);
    }

    /// <summary>Type and shape: "float32 [B, 24, f, h, w]".</summary>
    /// <returns>The text; "float32 of any rank" without a shape, "a sequence" and the like for what is no tensor.</returns>
    public string DescribeType() => _message.Type?.ValueCase switch
    {
        null or TypeProto.ValueOneofCase.None => "of a type that is not said",
        TypeProto.ValueOneofCase.TensorType => Text(""),
        TypeProto.ValueOneofCase.SparseTensorType => Text("sparse "),
        TypeProto.ValueOneofCase.SequenceType => "a sequence",
        TypeProto.ValueOneofCase.MapType => "a map",
        TypeProto.ValueOneofCase.OptionalType => "an optional value",
        _ => "opaque",
    };

    /// <summary>Name and type: "sample: float32 [B, 3, F, H, W]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name}: {DescribeType()}";

    private static ImmutableArray<OnnxDimension>? ShapeOf(TensorShapeProto? shape) => shape is null ? null : [.. shape.Dim.Select(ToDimension)];

    private static OnnxDimension ToDimension(TensorShapeProto.Types.Dimension dimension) => dimension.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => dimension.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam => dimension.DimParam,
        _ => OnnxDimension.Unknown,
    };

    private static ValueInfoProto Describe(string name, OnnxElementType elementType, ReadOnlySpan<OnnxDimension> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (elementType == OnnxElementType.Undefined)
        {
            return new ValueInfoProto { Name = name };
        }

        var axes = new TensorShapeProto();
        foreach (OnnxDimension dimension in shape)
        {
            var axis = new TensorShapeProto.Types.Dimension();
            if (dimension.Length is { } length)
            {
                axis.DimValue = length;
            }
            else if (dimension.Name is { } letter)
            {
                axis.DimParam = letter;
            }

            axes.Dim.Add(axis);
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)elementType, Shape = axes } },
        };
    }

    private string Text(string prefix) =>
        Shape is { } shape ? $"{prefix}{ElementType.ToName()} [{string.Join(", ", shape)}]" : $"{prefix}{ElementType.ToName()} of any rank";
}
