using System.Text;

namespace Seedance.Onnx.Media;

/// <summary>The last few kilobytes of what a program printed, however much it prints. Safe to read while it is being written.</summary>
internal sealed class OutputTail(int capacity = 8 * 1024)
{
    private const int MaxLines = 6;
    private readonly Lock _lock = new();
    private readonly byte[] _ring = new byte[capacity];
    private long _written;

    /// <summary>Copies the stream's end until the stream ends.</summary>
    public void ReadToEnd(Stream stream)
    {
        byte[] buffer = new byte[4096];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    /// <summary>Keeps <paramref name="bytes"/>, over the oldest ones.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (byte value in bytes)
            {
                _ring[_written++ % _ring.Length] = value;
            }
        }
    }

    /// <summary>The last lines that say anything, on one line, separated by " | "; empty when nothing was printed.</summary>
    public override string ToString()
    {
        byte[] kept;
        lock (_lock)
        {
            kept = new byte[Math.Min(_written, _ring.Length)];
            for (int i = 0; i < kept.Length; i++)
            {
                kept[i] = _ring[(_written - kept.Length + i) % _ring.Length];
            }
        }

        string[] lines = Encoding.UTF8.GetString(kept).Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join(" | ", lines.TakeLast(MaxLines));
    }
}
