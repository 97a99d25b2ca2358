using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>Our element types, ONNX Runtime's, and what C# holds them in.</summary>
internal static class RuntimeTypes
{
    private static readonly (ElementType Ours, TensorElementType Runtime, Type Clr, int Size)[] All =
    [
        (ElementType.Float32, TensorElementType.Float, typeof(float), 4),
        (ElementType.Float16, TensorElementType.Float16, typeof(Half), 2),
        (ElementType.BFloat16, TensorElementType.BFloat16, typeof(ushort), 2),
        (ElementType.Float64, TensorElementType.Double, typeof(double), 8),
        (ElementType.Int64, TensorElementType.Int64, typeof(long), 8),
        (ElementType.Int32, TensorElementType.Int32, typeof(int), 4),
        (ElementType.Int8, TensorElementType.Int8, typeof(sbyte), 1),
        (ElementType.UInt8, TensorElementType.UInt8, typeof(byte), 1),
        (ElementType.Bool, TensorElementType.Bool, typeof(bool), 1),
        (ElementType.Text, TensorElementType.String, typeof(string), 0),
    ];

    public static TensorElementType ToRuntime(this ElementType type) => All[(int)type].Runtime;

    /// <summary>Our type; null for one that no contract can name.</summary>
    public static ElementType? FromRuntime(TensorElementType type)
    {
        int index = Array.FindIndex(All, row => row.Runtime == type);
        return index < 0 ? null : All[index].Ours;
    }

    /// <summary>An input or output of a loaded graph.</summary>
    public static FileTensor Describe(NodeMetadata actual)
    {
        if (!actual.IsTensor)
        {
            return new FileTensor(ElementType: null, [], $"no tensor ({actual.OnnxValueType})");
        }

        ElementType? type = FromRuntime(actual.ElementDataType);
        IEnumerable<string> axes = actual.Dimensions.Select((length, axis) =>
            length >= 0 ? length.ToString(CultureInfo.InvariantCulture) : actual.SymbolicDimensions[axis] is { Length: > 0 } name ? name : "?");
        string description = $"{type?.ToName() ?? actual.ElementDataType.ToString().ToLowerInvariant()} [{string.Join(", ", axes)}]";
        return new FileTensor(type, [.. actual.Dimensions.Select(length => length < 0 ? (long?)null : length)], description);
    }

    /// <summary>The C# type of one element.</summary>
    public static Type ClrType(this ElementType type) => All[(int)type].Clr;

    /// <summary>Bytes of one element; 0 for text, which has no fixed size.</summary>
    public static int SizeInBytes(this ElementType type) => All[(int)type].Size;

    /// <summary>The type that holds elements of a C# type; null if none does.</summary>
    public static ElementType? FromClr(Type type)
    {
        int index = Array.FindIndex(All, row => row.Clr == type);
        return index < 0 ? null : All[index].Ours;
    }
}
