using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Seedance.Onnx.Graphs.Running;

/// <summary>Reads tensors as numpy.save writes them (.npy, versions 1 to 3), so that models can be compared on inputs that were recorded elsewhere.</summary>
public static partial class NpyFile
{
    private const int MaxHeaderBytes = 1 << 16;

    /// <summary>Reads a tensor.</summary>
    /// <param name="path">The file: numbers or truth values, little-endian, in C order.</param>
    /// <param name="name">The tensor's name.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ModelFileException">The file is missing or malformed, or holds what no tensor can.</exception>
    public static OnnxTensor Read(string path, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream, path, name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OverflowException or FormatException)
        {
            throw new ModelFileException(path, $"the file must be a readable .npy file, but is not: {error.Message} Write it with numpy.save.", error);
        }
    }

    private static OnnxTensor Read(FileStream stream, string path, string name)
    {
        Span<byte> start = stackalloc byte[8];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new ModelFileException(path, "the file must begin as .npy files do, but does not. Write it with numpy.save.");
        }

        byte[] count = new byte[start[6] == 1 ? 2 : 4];
        stream.ReadExactly(count);
        long headerBytes = count.Length == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(count) : BinaryPrimitives.ReadUInt32LittleEndian(count);
        if (headerBytes > MaxHeaderBytes)
        {
            throw new ModelFileException(path, $"the header must have at most {MaxHeaderBytes} bytes, but has {headerBytes}. Write the file with numpy.save.");
        }

        byte[] bytes = new byte[headerBytes];
        stream.ReadExactly(bytes);
        string header = Encoding.UTF8.GetString(bytes);
        (OnnxElementType type, long[] shape) = Parse(header) ?? throw new ModelFileException(
            path, $"the header must tell of numbers or truth values, little-endian and in C order, but is {header.Trim()}. Convert the array before it is saved.");
        long expected = type.BytesFor(OnnxTensor.Count(shape)), actual = stream.Length - stream.Position;
        if (expected != actual || expected > Array.MaxLength)
        {
            throw new ModelFileException(path, $"a tensor {type.ToName()} [{string.Join(", ", shape)}] must have {expected} bytes, but has {actual}. Copy the file again.");
        }

        byte[] values = new byte[expected];
        stream.ReadExactly(values);
        return OnnxTensor.FromBytes(name, type, values, shape);
    }

    private static (OnnxElementType Type, long[] Shape)? Parse(string header)
    {
        Match match = Header().Match(header);
        OnnxElementType type = match.Groups["type"].Value switch
        {
            "<f4" => OnnxElementType.Float32,
            "<f8" => OnnxElementType.Float64,
            "<f2" => OnnxElementType.Float16,
            "<i8" => OnnxElementType.Int64,
            "<i4" => OnnxElementType.Int32,
            "<i2" => OnnxElementType.Int16,
            "|i1" => OnnxElementType.Int8,
            "<u8" => OnnxElementType.UInt64,
            "<u4" => OnnxElementType.UInt32,
            "<u2" => OnnxElementType.UInt16,
            "|u1" => OnnxElementType.UInt8,
            "|b1" => OnnxElementType.Bool,
            _ => OnnxElementType.Undefined,
        };
        return type == OnnxElementType.Undefined ? null
            : (type, [.. match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)]);
    }

    [GeneratedRegex(@"^\{'descr': '(?<type>[<|][fiub][1248])', 'fortran_order': False, 'shape': \((?<shape>[0-9, ]*)\), \}\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Header();
}
