namespace Seedance.Onnx.Cli;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    private static readonly string[] Units = ["kB", "MB", "GB", "TB"];

    /// <summary>"812 bytes", "24 kB", "31.4 MB": steps of 1000.</summary>
    public static string Bytes(long bytes)
    {
        if (bytes < 1000)
        {
            return $"{bytes} bytes";
        }

        double value = bytes / 1000.0;
        int unit = 0;
        for (; value >= 999.5 && unit < Units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return value < 10 ? $"{value:0.0} {Units[unit]}" : $"{value:0} {Units[unit]}";
    }
}
