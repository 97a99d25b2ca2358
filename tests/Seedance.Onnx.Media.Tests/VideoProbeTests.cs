using System.Text;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class VideoProbeTests
{
    [Fact]
    public void Parse_TurnedStreamWithWidePixels_GivesTheShownSize()
    {
        VideoInfo info = Parse("""
            {"streams":[{"codec_type":"audio"},{"codec_type":"video","codec_name":"h264","width":100,"height":50,"sample_aspect_ratio":"2:1",
            "avg_frame_rate":"25/1","nb_read_packets":"50","side_data_list":[{"rotation":-90}]}],"format":{"duration":"2.5","tags":{"TITLE":"x"}}}
            """);

        Assert.Equal(new VideoSize(50, 200), info.Size);
        Assert.Equal((50, TimeSpan.FromSeconds(2.5), true, "x"), (info.FrameCount, info.Duration, info.HasAudio, info.Metadata["title"]));
    }

    [Fact]
    public void Parse_NoDuration_CountsFrames()
    {
        VideoInfo info = Parse("""{"streams":[{"codec_type":"video","width":4,"height":4,"avg_frame_rate":"0/0","r_frame_rate":"8/1","nb_read_packets":"16"}]}""");

        Assert.Equal(TimeSpan.FromSeconds(2), info.Duration);
    }

    [Theory]
    [InlineData("""{}""", "has nothing")]
    [InlineData("""{"streams":[{"codec_type":"audio"},{"codec_type":"subtitle"}]}""", "has only audio, subtitle")]
    [InlineData("""{"streams":[{"codec_type":"video","disposition":{"attached_pic":1}}]}""", "must have a video stream")]
    [InlineData("""{"streams":[{"codec_type":"video","width":4,"height":4,"avg_frame_rate":"0/0","nb_read_packets":"3"}]}""", "lacks one of them")]
    [InlineData("""{"streams":[{"codec_type":"video","width":4,"height":4,"avg_frame_rate":"8/1"}]}""", "lacks one of them")]
    [InlineData("""{"streams":[""", "as JSON")]
    public void Parse_NoUsableVideo_SaysWhy(string json, string reason)
    {
        var error = Assert.Throws<MediaException>(() => Parse(json));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("'clip.mp4'", error.Message, StringComparison.Ordinal);
    }

    private static VideoInfo Parse(string json) => VideoProbe.Parse("clip.mp4", Encoding.UTF8.GetBytes(json));
}
