using System.Runtime.InteropServices;
using System.Text;

namespace Seedance.Onnx;

/// <summary>Reads numpy's .npy files (version 1, C order), as the export scripts write them.</summary>
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
}
