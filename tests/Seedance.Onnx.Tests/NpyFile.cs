using System.Runtime.InteropServices;
using System.Text;

namespace Seedance.Onnx;

/// <summary>numpy's .npy files (version 1, C order), as the export scripts write them.</summary>
internal static class NpyFile
{
    public static T[] Read<T>(string path)
        where T : unmanaged
    {
        byte[] bytes = File.ReadAllBytes(path);
        int headerLength = BitConverter.ToUInt16(bytes, 8);
        string header = Encoding.ASCII.GetString(bytes, 10, headerLength);
        string type = typeof(T) == typeof(float) ? "'<f4'" : typeof(T) == typeof(byte) ? "'|u1'" : throw new NotSupportedException(typeof(T).Name);
        Assert.Contains(type, header, StringComparison.Ordinal);
        Assert.Contains("'fortran_order': False", header, StringComparison.Ordinal);
        return MemoryMarshal.Cast<byte, T>(bytes.AsSpan(10 + headerLength)).ToArray();
    }

    /// <summary>Writes float32 as numpy.save does.</summary>
    public static void Write(string path, long[] shape, float[] values)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Concat(shape.Select(axis => $"{axis}, "))}), }}\n";
        byte[] text = Encoding.ASCII.GetBytes(header);
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)text.Length), .. text, .. MemoryMarshal.AsBytes(values.AsSpan())]);
    }
}
