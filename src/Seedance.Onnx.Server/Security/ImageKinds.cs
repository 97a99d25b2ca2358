namespace Seedance.Onnx.Server.Security;

/// <summary>The formats of images that are taken from clients, by their first bytes: nothing else reaches a decoder.</summary>
internal static class ImageKinds
{
    /// <summary>Their names, for errors.</summary>
    public const string Names = "jpeg, png, webp, bmp, tiff, gif";

    /// <summary>Whether bytes begin like one of them.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])
        || bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'])
        || (bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8))
        || bytes.StartsWith("BM"u8)
        || bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8)
        || bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8);
}
