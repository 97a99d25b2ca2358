using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Graphs.Storage;

namespace Seedance.Onnx.Graphs;

/// <summary>A tensor of a model: a weight, or the value of an attribute. Large values stay in their file until they are read. Immutable.</summary>
/// <remarks>Safe for use by several threads at once. A file that changed since the model was opened is refused when it is read.</remarks>
public sealed class OnnxTensor
{
    private readonly TensorProto _message;

    internal OnnxTensor(TensorProto message, TensorData data)
    {
        _message = message;
        Data = data;
        Dimensions = [.. message.Dims];
        ElementCount = Count(Dimensions.AsSpan());
    }

    /// <summary>The tensor's name; empty for the value of an attribute.</summary>
    public string Name => _message.Name;

    /// <summary>The type of its elements.</summary>
    public OnnxElementType ElementType => (OnnxElementType)_message.DataType;

    /// <summary>The length of each axis, outermost first; empty for a scalar.</summary>
    public ImmutableArray<long> Dimensions { get; }

    /// <summary>The number of its elements.</summary>
    public long ElementCount { get; }

    /// <summary>The bytes that its elements take: little-endian, elements of less than a byte packed from the low bits on. For text, its characters in UTF-8.</summary>
    public long ByteCount => ElementType == OnnxElementType.Text ? _message.StringData.Sum(text => (long)text.Length) : Data.Length;

    /// <summary>The full path of the file that holds the values now; null when they are in memory.</summary>
    public string? File => Data.File;

    /// <summary>Whether those who count a model's parameters would count this: whole numbers and truth values are shapes, axes and the like.</summary>
    internal bool IsParameter => ElementType is not (OnnxElementType.Int64 or OnnxElementType.Int32 or OnnxElementType.Bool or OnnxElementType.Text);

    internal TensorData Data { get; }

    internal TensorProto Message => _message;

    /// <summary>Makes a tensor of numbers or truth values.</summary>
    /// <typeparam name="T">float, double, Half, bool or a primitive integer.</typeparam>
    /// <param name="name">Its name; may be empty.</param>
    /// <param name="values">Its elements, the last axis fastest.</param>
    /// <param name="dimensions">The length of each axis; none for a scalar.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The number of values does not fit the axes.</exception>
    /// <exception cref="NotSupportedException">ONNX has no such type.</exception>
    public static OnnxTensor Create<T>(string name, ReadOnlySpan<T> values, params ReadOnlySpan<long> dimensions)
        where T : unmanaged =>
        FromBytes(name, OnnxElementTypes.Of<T>(), MemoryMarshal.AsBytes(values), dimensions);

    /// <summary>Makes a tensor of any type from its bytes.</summary>
    /// <param name="name">Its name; may be empty.</param>
    /// <param name="type">The type of its elements; not text.</param>
    /// <param name="bytes">Little-endian; elements of less than a byte packed from the low bits on.</param>
    /// <param name="dimensions">The length of each axis; none for a scalar.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The number of bytes does not fit type and axes.</exception>
    public static OnnxTensor FromBytes(string name, OnnxElementType type, ReadOnlySpan<byte> bytes, params ReadOnlySpan<long> dimensions)
    {
        long expected = type.BytesFor(Count(dimensions));
        if (type.Bits() == 0 || bytes.Length != expected)
        {
            throw new ArgumentException($"Bytes of {type.ToName()} [{Join(dimensions)}] must be {expected}, but are {bytes.Length}.", nameof(bytes));
        }

        var raw = ByteString.CopyFrom(bytes);
        var message = new TensorProto { Name = name, DataType = (int)type, RawData = raw };
        message.Dims.Add([.. dimensions]);
        return new OnnxTensor(message, new MemoryTensorData(raw.Memory));
    }

    /// <summary>Makes a tensor of text.</summary>
    /// <param name="name">Its name; may be empty.</param>
    /// <param name="values">Its elements, the last axis fastest.</param>
    /// <param name="dimensions">The length of each axis; none for a scalar.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The number of values does not fit the axes.</exception>
    public static OnnxTensor FromText(string name, IReadOnlyCollection<string> values, params ReadOnlySpan<long> dimensions)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != Count(dimensions))
        {
            throw new ArgumentException($"Values of string [{Join(dimensions)}] must be {Count(dimensions)}, but are {values.Count}.", nameof(values));
        }

        var message = new TensorProto { Name = name, DataType = (int)OnnxElementType.Text };
        message.Dims.Add([.. dimensions]);
        message.StringData.Add(values.Select(ByteString.CopyFromUtf8));
        return new OnnxTensor(message, new MemoryTensorData(default));
    }

    /// <summary>Reads all elements.</summary>
    /// <typeparam name="T">The .NET type of the elements; exactly that of <see cref="ElementType"/>.</typeparam>
    /// <returns>A new array, the last axis fastest.</returns>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    /// <exception cref="ModelFileException">The file with the values is gone or changed.</exception>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        OnnxElementType type = OnnxElementTypes.Of<T>();
        if (type != ElementType)
        {
            throw new InvalidOperationException($"Elements of tensor '{Name}' must be read as {ElementType.ToName()}, but are asked for as {type.ToName()}.");
        }

        var values = new T[ElementCount];
        Data.Read(0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Reads all elements of a tensor of text.</summary>
    /// <returns>A new array, the last axis fastest.</returns>
    /// <exception cref="InvalidOperationException">The elements are no text.</exception>
    public string[] ToText() => ElementType == OnnxElementType.Text
        ? [.. _message.StringData.Select(text => text.ToString(Encoding.UTF8))]
        : throw new InvalidOperationException($"Elements of tensor '{Name}' must be text to be read as such, but are {ElementType.ToName()}.");

    /// <summary>Reads all elements as bytes.</summary>
    /// <returns>A new array: little-endian, elements of less than a byte packed from the low bits on. Empty for text.</returns>
    /// <exception cref="ModelFileException">The file with the values is gone or changed, or they are more than fit one array.</exception>
    public byte[] ToBytes() => Data.ReadAll(Name);

    /// <summary>Writes all elements as bytes, a part at a time.</summary>
    /// <param name="destination">Where they go.</param>
    /// <exception cref="ModelFileException">The file with the values is gone or changed.</exception>
    public void CopyTo(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Data.CopyTo(destination, CancellationToken.None);
    }

    /// <summary>The same values under another name.</summary>
    /// <param name="name">The new name.</param>
    /// <returns>A new tensor that shares the values.</returns>
    public OnnxTensor WithName(string name)
    {
        TensorProto message = _message.Clone();
        message.Name = name;
        return new OnnxTensor(message, Data);
    }

    /// <summary>Name, type and shape: "weight: float32 [256, 64]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name}: {ElementType.ToName()} [{Join(Dimensions.AsSpan())}]";

    /// <exception cref="OverflowException">The product does not fit 64 bits.</exception>
    internal static long Count(ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (long dimension in dimensions)
        {
            count = checked(count * dimension);
        }

        return count;
    }

    private static string Join(ReadOnlySpan<long> dimensions) => string.Join(", ", dimensions.ToArray());
}
