using System.Text.RegularExpressions;

namespace Seedance.Onnx.Media;

/// <summary>The rules by which files from outside reach FFmpeg: from named containers, over no protocol but the one needed, within limits.</summary>
internal static partial class MediaInput
{
    // Playlists, scripts and devices stay out: they would open other files. So does FFmpeg's habit to read any text as ANSI art.
    private const string ImageFormats = "apng,bmp_pipe,dds_pipe,dpx_pipe,exr_pipe,gif,gif_pipe,hdr_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,"
        + "jpegxl_anim,jpegxl_pipe,mov,pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,pgmyuv_pipe,phm_pipe,png_pipe,ppm_pipe,psd_pipe,"
        + "qdraw_pipe,qoi_pipe,sgi_pipe,sunrast_pipe,tiff_pipe,webp_pipe,xbm_pipe,xpm_pipe,xwd_pipe";

    private const string VideoFormats = "apng,asf,av1,avi,flv,gif,h264,hevc,ivf,matroska,webm,mov,mp4,mpeg,mpegts,mpegvideo,mxf,obu,ogg,yuv4mpegpipe";

    /// <summary>Input options for an image on standard input.</summary>
    /// <param name="encoded">The image's bytes.</param>
    /// <param name="limits">What the image may cost.</param>
    public static string[] ImagePipe(ReadOnlySpan<byte> encoded, MediaLimits limits)
    {
        // The JPEG decoder alone fills what is cut off with grey; told to be strict, it refuses. Others would then refuse unknown tags too.
        string[] strict = encoded is [0xFF, 0xD8, ..] ? ["-err_detect", "explode"] : [];

        // Formats that FFmpeg cannot split, such as TIFF, arrive whole only when it knows the length.
        return
        [
            "-protocol_whitelist", "pipe", "-format_whitelist", ImageFormats, "-frame_size", $"{encoded.Length}",
            "-max_pixels", $"{limits.MaxPixels}", .. strict, "-i", "pipe:0",
        ];
    }

    /// <summary>Input options for a video file; the same for ffmpeg and ffprobe.</summary>
    public static string[] VideoFile(string path, MediaLimits limits) =>
        ["-protocol_whitelist", "file,pipe", "-format_whitelist", VideoFormats, "-max_pixels", $"{limits.MaxPixels}", "-i", "file:" + Path.GetFullPath(path)];

    /// <summary>Opens a file from outside.</summary>
    /// <param name="kind">"Image" or "Video".</param>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Largest size in bytes.</param>
    /// <exception cref="MediaException">The file is missing, unreadable, empty or too large.</exception>
    public static FileStream Open(string kind, string path, long maxBytes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MediaException($"{kind} '{path}' must be a file that can be read, but is not: {e.Message} Check the path.", e);
        }

        if (file.Length > 0 && file.Length <= maxBytes)
        {
            return file;
        }

        long bytes = file.Length;
        file.Dispose();
        throw new MediaException($"{kind} '{path}' must have from 1 to {maxBytes} bytes, but has {bytes}. Use {(bytes == 0 ? "another" : "a smaller")} file.");
    }

    /// <summary>The error for a file that FFmpeg did not decode.</summary>
    /// <param name="what">"Image 'x.png'" or "Video 'x.mp4'".</param>
    /// <param name="expected">"an image" or "a video".</param>
    /// <param name="said">FFmpeg's last lines.</param>
    /// <param name="limits">The limits that it ran under.</param>
    public static MediaException Unreadable(string what, string expected, string said, MediaLimits limits)
    {
        if (TooManyPixels().Matches(said).LastOrDefault() is { } size && long.Parse(size.Groups["width"].Value) * long.Parse(size.Groups["height"].Value) > limits.MaxPixels)
        {
            return new MediaException($"{what} must have at most {limits.MaxPixels} pixels, but is {size.Groups["width"]}x{size.Groups["height"]}. Scale it down.");
        }

        string reason = said.Contains("not on whitelist", StringComparison.Ordinal) ? "it is of another kind, or of a format that is not accepted"
            : said.Length == 0 ? "nothing in it can be decoded" : said;
        return new MediaException($"{what} must be {expected} that FFmpeg can decode, but is not: {reason}. Use another file, or convert it first.");
    }

    [GeneratedRegex(@"Picture size (?<width>\d{1,9})x(?<height>\d{1,9}) (is invalid|exceeds)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TooManyPixels();
}
