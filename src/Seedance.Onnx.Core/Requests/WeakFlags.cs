using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;

namespace Seedance.Onnx.Requests;

/// <summary>Takes the flags of a prompt into a request where it left something open and the pack can do it; says what was passed over.</summary>
internal sealed class WeakFlags(PromptText text, PackContract contract, List<string> notices)
{
    public VideoRequest FillIn(VideoRequest request)
    {
        request = FillInSize(request with { Prompt = text.Words, Seed = request.Seed ?? text.Seed });
        request = FillInLength(request);
        if (text.FixedCamera == true && request.Camera is null)
        {
            request = request with { Camera = CameraMove.Fixed };
        }

        if (text.Fps is { } fps && fps != contract.Video.Fps)
        {
            notices.Add($"--fps {fps} in the prompt is passed over: the pack makes {contract.Video.Fps} frames a second.");
        }

        if (text.Watermark == true)
        {
            notices.Add("--watermark in the prompt is passed over: none is drawn.");
        }

        return request;
    }

    private VideoRequest FillInSize(VideoRequest request)
    {
        VideoContract video = contract.Video;
        if (request.Width is not null || request.Height is not null || request.Ratio is not null || request.Resolution is not null)
        {
            return request;
        }

        if (text.Size is { } size)
        {
            VideoSize nearest = size.NearestMultiple(video.SizeMultiple);
            if (nearest == size && Math.Max(size.Width, size.Height) <= VideoRequest.MaxSide)
            {
                return request with { Width = size.Width, Height = size.Height };
            }

            notices.Add($"--resolution {size} in the prompt is passed over: sides are multiples of {video.SizeMultiple} pixels up to {VideoRequest.MaxSide}.");
        }

        if (text.ShortSide is { } side)
        {
            if (request.Upscale is null && NamedResolution.Find($"{side}p", contract) is not null)
            {
                return request with { Resolution = $"{side}p", Ratio = text.Ratio };
            }

            notices.Add($"--resolution {side}p in the prompt is passed over: the pack makes {string.Join(", ", video.Sizes)}.");
        }

        return text.Ratio is { } ratio ? request with { Ratio = ratio } : request;
    }

    private VideoRequest FillInLength(VideoRequest request)
    {
        VideoContract video = contract.Video;
        if (request.Frames is not null || request.Duration is not null)
        {
            return request;
        }

        if (text.Frames is { } frames)
        {
            int nearest = contract.Latents.NearestFrames(frames, video.LongestFrames);
            if (nearest != frames)
            {
                notices.Add($"--frames {frames} in the prompt became {nearest}: the pack makes {contract.Latents.FramesRule}, up to {video.LongestFrames}.");
            }

            return request with { Frames = nearest };
        }

        if (text.Duration is not { } duration)
        {
            return request;
        }

        TimeSpan longest = TimeSpan.FromSeconds((double)video.LongestFrames / video.Fps);
        if (duration > longest)
        {
            notices.Add($"--duration {duration.TotalSeconds:0.###} in the prompt became {longest.TotalSeconds:0.###}: the pack makes no longer videos.");
        }

        return request with { Duration = duration < longest ? duration : longest };
    }
}
